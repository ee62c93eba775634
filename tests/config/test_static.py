from bkmonitor.config.static import StaticStorage


def collected(folder):
    storage = StaticStorage(location=folder, base_url="/static/")
    (folder / "app.css").write_text("body { color: red; }" * 100)
    list(storage.post_process({"app.css": (storage, "app.css")}))
    return StaticStorage(location=folder, base_url="/static/")


def test_where_nothing_was_collected_names_are_plain(tmp_path):
    storage = StaticStorage(location=tmp_path, base_url="/static/")

    assert storage.url("app.css") == "/static/app.css"


def test_a_collected_file_carries_a_hash_and_is_compressed(tmp_path):
    name = collected(tmp_path).url("app.css").removeprefix("/static/")

    assert name != "app.css"
    assert (tmp_path / name).exists()
    assert (tmp_path / f"{name}.gz").exists()
