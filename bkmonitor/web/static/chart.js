// Draws every [data-chart] with uPlot: lines, limits, spans in which something fired,
// anomalies, and what a series is held against.
// The element says where its data is (data-url) or has it (data-given), its limits,
// its spans and the scale of its unit.
"use strict";

(() => {
  const SERIES = 6;
  const zone = document.documentElement.dataset.zone || "UTC";
  const language = document.documentElement.lang;
  const words = document.documentElement.dataset;

  // A colour as the page sees it now; canvas does not know variables.
  const ruler = document.createElement("span");
  const colour = (name) => {
    ruler.style.color = `var(--${name})`;
    document.body.append(ruler);
    const found = getComputedStyle(ruler).color;
    ruler.remove();
    return found;
  };
  const faint = (rgb, share) => rgb.replace(/rgba?\(([^)]+)\)/, (_, inner) => `rgba(${inner.split(",").slice(0, 3).join(",")},${share})`);
  const severities = { 1: "critical", 2: "warning", 3: "info" };
  const signs = { ">=": "≥", "<=": "≤", "==": "=", "!=": "≠" };
  const letters = (words.severities || "").split(",").map((word) => [...word][0]);

  const number = (value) => {
    const size = Math.abs(value);
    if (size >= 1e12 || (size > 0 && size < 1e-4)) return value.toExponential(1);
    const options = { maximumSignificantDigits: 4 };
    if (size >= 1e4) options.notation = "compact";
    return new Intl.NumberFormat(language, options).format(value);
  };
  // Writes values with the largest symbol of a scale that they reach: [[1, "B"], [1024, "KiB"], …].
  const writer = (scale) => (value) => {
    const own = scale.find(([size]) => size === 1) ?? scale[0];
    const [size, symbol] = value ? scale.findLast(([each]) => Math.abs(value) >= each) ?? scale[0] : own;
    return symbol ? `${number(value / size)} ${symbol}` : number(value);
  };
  // Where the lines of an axis may be: 512 MiB and 1 GiB, 15 min and 1 h, not 500,000,000 and 3,000.
  const TENTHS = [...Array(12).keys()].reverse().flatMap((at) => [1, 2, 5].map((each) => Number(`${each}e-${at + 1}`)));
  const TENS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
  const ROUND = { 1024: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], 60: [1, 2, 5, 10, 15, 30], 24: [1, 2, 3, 6, 12] };
  const steps = (scale) => {
    const sizes = scale.map(([size]) => size).filter((size) => size >= 1);
    if (sizes.length < 2) return undefined;
    const last = sizes.at(-1) * 1000;
    const whole = sizes.flatMap((size, at) => (ROUND[(sizes[at + 1] ?? last) / size] ?? TENS).map((each) => each * size));
    return [...TENTHS, ...whole, ...TENS.map((each) => each * last)];
  };
  const moment = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
  const HOUR = moment({ hour: "2-digit", minute: "2-digit" });
  const SECOND = moment({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const DAY = moment({ month: "short", day: "numeric" });
  const ticks = (plot, splits) => {
    const span = plot.scales.x.max - plot.scales.x.min;
    let day = "";
    return splits.map((at) => {
      const date = new Date(at * 1000);
      if (span > 4 * 86400) return DAY.format(date);
      const today = DAY.format(date);
      const clock = (span < 600 ? SECOND : HOUR).format(date);
      const shown = day && day !== today ? today : clock;
      day = today;
      return shown;
    });
  };

  const drawSpans = (spans) => (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const [from, to, severity] of spans) {
      const left = Math.max(plot.valToPos(from, "x", true), bbox.left);
      const right = Math.min(to ? plot.valToPos(to, "x", true) : bbox.left + bbox.width, bbox.left + bbox.width);
      if (right <= left) continue;
      const ink = colour(severities[severity]);
      // One that is too short for an inside is a line, fainter for there may be many.
      if (right - left < 4 * devicePixelRatio) {
        ctx.fillStyle = faint(ink, 0.45);
        ctx.fillRect(left, bbox.top, Math.max(1.5 * devicePixelRatio, right - left), bbox.height);
        continue;
      }
      ctx.fillStyle = faint(ink, 0.12);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = ink;
      ctx.fillRect(left, bbox.top, Math.max(2, devicePixelRatio), bbox.height);
      // The first letter of its word, for whom colours say nothing.
      if (right - left < 14 * devicePixelRatio || !letters[severity - 1]) continue;
      ctx.font = `600 ${10 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
      ctx.textBaseline = "top";
      ctx.fillStyle = colour(`${severities[severity]}-ink`);
      ctx.fillText(letters[severity - 1], left + 4 * devicePixelRatio, bbox.top + 2 * devicePixelRatio);
    }
    ctx.restore();
  };
  // Anomalies, in the shape of their severity: a square, a triangle, a disc.
  const SHAPES = {
    1: (ctx, x, y, r) => ctx.rect(x - r, y - r, 2 * r, 2 * r),
    2: (ctx, x, y, r) => { ctx.moveTo(x, y - 1.2 * r); ctx.lineTo(x + 1.2 * r, y + r); ctx.lineTo(x - 1.2 * r, y + r); ctx.closePath(); },
    3: (ctx, x, y, r) => ctx.arc(x, y, r, 0, 2 * Math.PI),
  };
  const drawMarks = (marks, columns) => (plot) => {
    const { ctx } = plot;
    // As large as the points leave room, or many in a row would hide the line.
    const apart = plot.bbox.width / Math.max(columns[0].length, 1);
    const size = Math.min(Math.max(apart * 0.6, 1.25 * devicePixelRatio), 3 * devicePixelRatio);
    ctx.save();
    ctx.strokeStyle = colour("surface");
    ctx.lineWidth = devicePixelRatio;
    const inks = Object.fromEntries(Object.entries(severities).map(([key, name]) => [key, colour(name)]));
    marks.forEach((some, at) => some.forEach(([index, severity]) => {
      const value = columns[at + 1][index];
      if (value === null) return;
      ctx.fillStyle = inks[severity];
      ctx.beginPath();
      SHAPES[severity](ctx, plot.valToPos(columns[0][index], "x", true), plot.valToPos(value, "y", true), size);
      ctx.fill();
      if (size > 2 * devicePixelRatio) ctx.stroke();
    }));
    ctx.restore();
  };

  const drawLimits = (limits, unit) => (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    // Labels of limits that are close to each other stand beside each other.
    const told = [];
    for (const { value, severity, operator } of limits) {
      if (value === null || value === undefined) continue;
      const y = Math.round(plot.valToPos(value, "y", true));
      if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
      ctx.strokeStyle = colour(severities[severity]);
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = colour(`${severities[severity]}-ink`);
      ctx.textAlign = "right";
      const above = y - 5 * devicePixelRatio > bbox.top + 12 * devicePixelRatio;
      const text = `${signs[operator] ?? operator ?? ""} ${unit(value)}`.trim();
      const line = above ? y - 5 * devicePixelRatio : y + 14 * devicePixelRatio;
      const near = told.filter((other) => Math.abs(other.line - line) < 12 * devicePixelRatio);
      const right = Math.min(bbox.left + bbox.width, ...near.map((other) => other.left)) - 4 * devicePixelRatio;
      ctx.fillText(text, right, line);
      told.push({ line, left: right - ctx.measureText(text).width - 4 * devicePixelRatio });
    }
    ctx.restore();
  };

  // The limits belong into view, or nobody sees how near one is.
  const range = (limits) => (plot, low, high) => {
    const values = limits.map((limit) => limit.value).filter((value) => value !== null && value !== undefined);
    const bottom = Math.min(low ?? Infinity, ...values);
    const top = Math.max(high ?? -Infinity, ...values);
    if (!Number.isFinite(bottom) || !Number.isFinite(top)) return [0, 1];
    const room = (top - bottom) * 0.08 || Math.abs(top) * 0.1 || 1;
    return [bottom >= 0 && bottom - room < 0 ? 0 : bottom - room, top + room];
  };

  const legend = (box, data, unit) => {
    box.replaceChildren(...data.series.map((name, at) => {
      const item = document.createElement("span");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      line.setAttribute("viewBox", "0 0 14 8");
      line.setAttribute("aria-hidden", "true");
      const stroke = document.createElementNS("http://www.w3.org/2000/svg", "path");
      stroke.setAttribute("d", "M0 4h14");
      stroke.setAttribute("stroke-width", "2.5");
      stroke.setAttribute("stroke", colour(`series-${(at % SERIES) + 1}`));
      line.append(stroke);
      const value = document.createElement("b");
      item.append(line, name, " ", value);
      return item;
    }));
    return (index) => [...box.children].forEach((item, at) => {
      const column = data.columns[at + 1];
      const last = index ?? column.findLastIndex((value) => value !== null);
      const value = column[last];
      item.querySelector("b").textContent = value === null || value === undefined ? "–" : unit(value);
    });
  };

  const say = (box, text) => {
    const note = document.createElement("div");
    note.className = "chart-note";
    note.textContent = text;
    box.replaceChildren(note);
  };

  const draw = (box, data) => {
    box.plot?.destroy();
    box.plot = null;
    if (data.outcome === "failed") return say(box, data.reason || words.chartFailed);
    if (!data.columns.length || !data.columns[0].length || data.columns.length < 2) return say(box, words.chartEmpty);
    box.replaceChildren();
    const scale = JSON.parse(box.dataset.scale || '[[1, ""]]');
    const unit = writer(scale);
    const limits = JSON.parse(box.dataset.limits || "[]");
    const spans = JSON.parse(box.dataset.spans || "[]");
    const axis = { stroke: colour("ink-soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: `11px ${getComputedStyle(document.body).fontFamily}` };
    const list = box.parentElement.querySelector(".chart-legend");
    const tell = list ? legend(list, data, unit) : () => {};
    const points = data.columns[0].length < 40;
    const edges = data.edges ?? [];
    const edge = (name) => data.series.length + 1 + edges.indexOf(name);
    const band = edges.includes("lower") && edges.includes("upper") ? [{ series: [edge("upper"), edge("lower")], fill: faint(colour("series-1"), 0.14) }] : [];
    box.plot = new uPlot({
      width: box.clientWidth,
      height: box.clientHeight,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      scales: { y: { range: range(limits) } },
      axes: [{ ...axis, size: 28, values: ticks, space: 70 }, { ...axis, size: 62, incrs: steps(scale), values: (plot, values) => values.map(unit) }],
      series: [{}, ...data.series.map((name, at) => ({
        label: name,
        stroke: colour(`series-${(at % SERIES) + 1}`),
        width: 1.75,
        dash: at >= SERIES ? [5, 3] : undefined,
        points: { show: points, size: 5 },
        spanGaps: false,
      })), ...edges.map((name) => ({
        label: name,
        stroke: faint(colour("series-1"), name === "usual" || name === "reference" ? 0.8 : 0.4),
        width: 1,
        dash: name === "usual" || name === "reference" ? [3, 3] : undefined,
        points: { show: false },
        spanGaps: false,
      }))],
      bands: band,
      hooks: {
        drawClear: [drawSpans([...spans, ...(data.stretches ?? [])])],
        draw: [drawMarks(data.marks ?? [], data.columns), drawLimits(limits, unit)],
        setCursor: [(plot) => tell(plot.cursor.idx)],
      },
    }, data.columns, box);
    tell(null);
    box.data = data;
    box.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true, detail: data }));
  };

  const load = async (box) => {
    if (box.dataset.given) return draw(box, JSON.parse(box.dataset.given));
    try {
      const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(30000) });
      if (!answer.ok) throw new Error(String(answer.status));
      draw(box, await answer.json());
    } catch {
      if (!box.plot) say(box, words.chartFailed);
    }
  };

  const start = () => document.querySelectorAll("[data-chart]:not([data-drawn])").forEach((box) => {
    box.dataset.drawn = "";
    load(box);
    const every = Number(box.dataset.refresh || 0);
    if (every) {
      const timer = setInterval(() => {
        if (!box.isConnected) clearInterval(timer);
        else if (!document.hidden) load(box);
      }, every * 1000);
    }
    new ResizeObserver(() => box.plot?.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.querySelectorAll("[data-chart]").forEach((box) => { if (box.data) draw(box, box.data); });
  });
  document.addEventListener("htmx:after:swap", start);
  start();
})();
