#!/usr/bin/env python3
"""schema.py MAILSIM ROOT: what `mailsim schema` says of files is what the loader says, as far as a schema can.

Every topology that is shipped or shown fits; every file of tests/topology/bad with an unknown key does not. Ends with 77
(skipped) without the modules jsonschema and yaml.
"""
import glob
import json
import os
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"left out: needs the Python modules jsonschema and yaml ({error})")
    sys.exit(77)


class Loader(yaml.BaseLoader):
    """Scalars as YAML 1.2 and editors read them: without dates, sexagesimal numbers and yes or no."""

    def construct_scalar(self, node):
        text = super().construct_scalar(node)
        if getattr(node, "style", None) is not None:
            return text
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            return int(text)
        if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text):
            return float(text)
        return text

    def construct_mapping(self, node, deep=False):
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def flatten_mapping(self, node):
        merged = []
        own = []
        for key, value in node.value:
            if key.value != "<<" or key.style is not None:
                own.append((key, value))
                continue
            for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                self.flatten_mapping(part)
                merged += part.value
        node.value = merged + own


Loader.add_constructor("tag:yaml.org,2002:str", Loader.construct_scalar)
Loader.add_constructor("tag:yaml.org,2002:seq", lambda loader, node: loader.construct_sequence(node, deep=True))
Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))


def main():
    mailsim, root = sys.argv[1:]
    schema = json.loads(subprocess.run([mailsim, "schema"], check=True, capture_output=True, text=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = count = 0

    def look(name, text, fits):
        nonlocal failed, count
        count += 1
        errors = list(validator.iter_errors(yaml.load(text, Loader)))
        if fits != (not errors):
            failed += 1
            print(f"FAILED: {name} {'does not fit' if fits else 'fits'}")
            for error in errors[:3]:
                print(f"  {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")

    fine = sorted(glob.glob(os.path.join(root, "topologies", "*.yaml")))
    for path in fine:
        with open(path, encoding="utf-8") as file:
            look(os.path.basename(path), file.read(), True)
    for path in [os.path.join(root, "README.md")] + sorted(glob.glob(os.path.join(root, "docs", "*.md"))):
        with open(path, encoding="utf-8") as file:
            for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", file.read(), re.S), 1):
                if re.search(r"^mailsim:", block, re.M):
                    look(f"{os.path.basename(path)}, listing {number}", block, True)
    look("what mailsim new writes",
         subprocess.run([mailsim, "new", "-"], check=True, capture_output=True, text=True).stdout, True)
    bad = 0
    for path in sorted(glob.glob(os.path.join(root, "tests", "topology", "bad", "*.diag"))):
        with open(path, encoding="utf-8") as file:
            if "unknown key" not in file.read():
                continue
        bad += 1
        with open(path[: -len("diag")] + "yaml", encoding="utf-8") as file:
            look(os.path.basename(path), file.read(), False)
    print(f"{count} files, {failed} failed")
    return 1 if failed or len(fine) < 2 or bad < 8 else 0


sys.exit(main())
