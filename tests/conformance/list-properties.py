#!/usr/bin/env python3
"""Prints every property of config.json that concerns Linux, one a line.

    tests/conformance/list-properties.py SPECIFICATION > tests/conformance/properties.txt

SPECIFICATION is a copy of the runtime specification (its folder `schema` and config.md). A line is a
path such as `linux.devices[].path`; `[]` stands for an element of a list, `.*` for a member whose
name is free, and ` = NAME` for one of the values that the specification names. An object has no
line of its own: it is its members.
"""

import json
import pathlib
import re
import sys

OTHER_SYSTEMS = {"freebsd", "solaris", "vm", "windows", "zos"}
MOUNT_OPTION = re.compile(r"^\s*\|?\s*`(\w+)\s*`\s*\|\s*(MUST|SHOULD|MAY)\s*\|")


class Schema:
    """A folder of JSON schemas that refer to each other."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}

    def file(self, name):
        if name not in self.files:
            self.files[name] = json.loads((self.folder / name).read_text())
        return self.files[name]

    def follow(self, name, node):
        """The file and the node behind `$ref`s, for as long as there are any."""
        while "$ref" in node:
            target, _, pointer = node["$ref"].partition("#")
            name = target or name
            node = self.file(name)
            for step in pointer.strip("/").split("/"):
                node = node[step]
        return name, node

    def properties(self, name, node, path):
        """Yields the leaves below `node`, which stands at `path`."""
        name, node = self.follow(name, node)
        parts = node.get("allOf", []) + node.get("anyOf", [])
        members = node.get("properties", {})
        for part in parts:
            yield from self.properties(name, part, path)
        for member, child in members.items():
            if path or member not in OTHER_SYSTEMS:
                yield from self.properties(name, child, f"{path}.{member}" if path else member)
        yield from self.elements(name, node, path)
        if not parts and not members:
            yield from self.leaf(name, node, path)

    def elements(self, name, node, path):
        free = node.get("additionalProperties") or node.get("patternProperties", {}).get(".{1,}")
        for child, suffix in ((node.get("items"), "[]"), (free, ".*")):
            if child and self.is_object(name, child):
                yield from self.properties(name, child, path + suffix)

    def leaf(self, name, node, path):
        child = node.get("items") or node.get("additionalProperties") or {}
        if self.is_object(name, child):
            return
        yield path
        values = node.get("enum") or self.follow(name, child)[1].get("enum", [])
        yield from (f"{path} = {value}" for value in values)

    def is_object(self, name, node):
        if not node:
            return False
        node = self.follow(name, node)[1]
        return bool({"properties", "allOf", "anyOf"} & node.keys())


def mount_options(text):
    for line in text.splitlines():
        match = MOUNT_OPTION.match(line)
        if match:
            yield f"mounts[].options = {match.group(1)}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1].strip())
    specification = pathlib.Path(sys.argv[1])
    schema = Schema(specification / "schema")
    top = "config-schema.json"
    lines = list(schema.properties(top, schema.file(top), ""))
    options = list(mount_options((specification / "config.md").read_text()))
    at = lines.index("mounts[].options") + 1
    lines[at:at] = options
    print("\n".join(dict.fromkeys(lines)))


main()
