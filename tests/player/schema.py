"""schema.py SCHEMA FILES: data of the player against its schema, and what a schema cannot say: columns of one length, indices that lead
somewhere."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    text = open(path, encoding="utf-8").read()
    assert not any(c in text for c in "<>&\u2028\u2029"), path + ": would not be safe inside a script element"
    data = json.loads(text)
    for error in validator.iter_errors(data):
        sys.exit(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    for run in data["runs"]:
        seg = run["seg"]
        for name in ("t", "d", "c", "up", "num", "f", "seq", "ack", "win", "len", "x", "u"):
            assert len(seg[name]) == seg["n"], f"{path}: column {name}"
        assert all(c < len(run["conns"]) for c in seg["c"]) and all(x < len(run["text"]) for x in seg["x"])
        assert all(u < len(run["units"]) for u in seg["u"]) and all(int(i) < seg["n"] for i in seg["o"])
        assert all(t >= 0 for t in seg["t"])
        for conn in run["conns"]:
            assert conn["client"] < len(run["names"]) and conn["server"] < len(run["names"])
        for name in ("cwnd", "state"):
            assert len({len(column) for column in run[name].values()}) == 1, f"{path}: {name}"
        for step in run["steps"]:
            assert not step["ok"] or ("seg" in step) != ("app" in step), f"{path}: step {step['n']}"
            assert step.get("seg", -1) < seg["n"] and step.get("app", -1) < len(run["app"])
            assert step["key"] in {**data["strings"].get("", {}), **run.get("strings", {}).get("", {})}, f"{path}: {step['key']} is told nowhere"
        assert all(m["x"] < len(run["contents"]) for m in run["messages"])
print(len(sys.argv) - 2, "runs")
