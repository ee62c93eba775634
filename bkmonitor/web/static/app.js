// What a page does in the browser beyond htmx: menus, copies, dialogs, keys, polls.
// Every page works without it, but for copying and keys.
"use strict";

(() => {
  const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

  // Menus close when one clicks elsewhere, opens another, or presses Escape.
  const closeMenus = (but) => each("details.menu[open]", (menu) => { if (menu !== but) menu.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // The navigation on a phone.
  const side = document.getElementById("side");
  const showSide = (open) => {
    if (!side) return;
    side.classList.toggle("open", open);
    each("[data-side]", (button) => button.setAttribute("aria-expanded", String(open)));
    if (open) side.querySelector("a, summary")?.focus();
  };

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.textContent.trim());
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1600);
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-side], [data-copy], [data-dialog], [data-close], [data-matcher], [data-press]");
    if (side?.classList.contains("open") && !event.target.closest("#side, [data-side]")) showSide(false);
    if (!target) return;
    if ("side" in target.dataset) showSide(!side.classList.contains("open"));
    else if ("copy" in target.dataset) copy(target);
    else if ("dialog" in target.dataset) document.getElementById(target.dataset.dialog).showModal();
    else if ("close" in target.dataset) target.closest("dialog").close();
    else if ("press" in target.dataset) {
      // Another way to an input of the page, which the focus goes to.
      const input = document.getElementById(target.dataset.press);
      input.click();
      input.focus();
    }
    else if (event.altKey) {
      // A pressed Alt turns "has this label" into "has it not".
      event.preventDefault();
      const url = new URL(target.href);
      url.searchParams.set("q", url.searchParams.get("q").replace(target.dataset.matcher, target.dataset.matcher.replace("=", "!=")));
      location.assign(url);
    }
  });

  // Keys on lists: j and k walk, Enter opens (it is a link), a acknowledges, / searches.
  const links = () => [...document.querySelectorAll("[data-row] .row-link")];
  const walk = (step) => {
    const all = links();
    const at = all.indexOf(document.activeElement.closest("[data-row]")?.querySelector(".row-link"));
    all[Math.min(Math.max(at + step, 0), all.length - 1)]?.focus();
  };
  const acknowledge = () => {
    const place = document.activeElement.closest("[data-row]") ?? document.querySelector("[data-keys]");
    place?.querySelector("[data-acknowledge]")?.click();
  };
  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    a: acknowledge,
    "/": () => document.querySelector("[data-search]")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.activeElement.closest("details.menu[open]");
      closeMenus();
      open?.querySelector("summary").focus();
      showSide(false);
      return;
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // A search that narrows a list while one types stands in the address too.
  document.addEventListener("htmx:before:request", (event) => {
    const { sourceElement, request } = event.detail.ctx ?? {};
    if (sourceElement?.matches("form[role=search]")) history.replaceState(null, "", request.action);
  });

  // What one opened stays open when its part of the page is drawn anew.
  const opened = new Set();
  document.addEventListener("toggle", (event) => {
    const { id, open } = event.target;
    if (!id || !event.target.matches("details")) return;
    if (open) opened.add(id);
    else opened.delete(id);
  }, true);
  document.addEventListener("htmx:after:swap", () => opened.forEach((id) => {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }));

  // A page nobody sees asks for nothing; one that cannot be refreshed says so.
  const stale = () => document.getElementById("stale");
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (document.hidden && source?.getAttribute("hx-trigger")?.includes("every ")) event.preventDefault();
  });
  const failed = () => { if (stale()) stale().hidden = false; };
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:after:swap", (event) => { if (stale() && event.detail.ctx?.response?.raw.ok) stale().hidden = true; });

  // The browser's time zone, offered where a form asks for one.
  each("[data-guess-zone]", (select) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (select.dataset.guessZone !== "" || !zone) return;
    if ([...select.options].some((option) => option.value === zone)) select.value = zone;
  });
})();
