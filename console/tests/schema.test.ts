import assert from "node:assert/strict";
import { test } from "node:test";
import { entries, object, read } from "../core/schema.ts";

const SCHEMA = {
  type: "object",
  required: ["path", "count", "mode"],
  properties: {
    note: { type: ["string", "null"], description: "A note." },
    path: { type: "string", minLength: 1 },
    count: { type: "integer", default: 3 },
    ratio: { anyOf: [{ type: "number" }, { type: "null" }] },
    mode: { $ref: "#/$defs/Mode" },
    deep: { type: "object", properties: { a: { type: "string" } } },
    all: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
    level: { enum: [1, 2, "three", null] },
  },
  $defs: { Mode: { enum: ["fast", "slow"], description: "How." } },
};

test("a form asks for what is required first, each value in the way that fits it", () => {
  const fields = entries(SCHEMA);
  assert.deepEqual(
    fields.map(({ name, kind, required }) => [name, kind, required]),
    [
      ["path", "text", true],
      ["count", "integer", true],
      ["mode", "choice", true],
      ["note", "text", false],
      ["ratio", "number", false],
      ["deep", "json", false],
      ["all", "yes_or_no", false],
      ["tags", "list", false],
      ["level", "choice", false],
    ],
  );
  const mode = fields.find(({ name }) => name === "mode");
  assert.deepEqual([mode?.choices, mode?.description], [["fast", "slow"], "How."]);
  assert.equal(fields.find(({ name }) => name === "count")?.begin, "3");
  const optional = entries({ properties: { min: { type: "integer", default: 0 } } })[0];
  assert.deepEqual([optional?.begin, optional?.usual], ["", "0"], "what is optional is not sent unless it is typed");
});

test("what was typed becomes arguments of the right types, and what was left empty is not there", () => {
  const typed = {
    path: "/a",
    count: "4",
    mode: "slow",
    ratio: "0.5",
    deep: '{"a": "b"}',
    all: "false",
    tags: "x\ny\n",
    level: "2",
    note: "",
  };
  assert.deepEqual(read(entries(SCHEMA), typed), {
    value: { path: "/a", count: 4, mode: "slow", ratio: 0.5, deep: { a: "b" }, all: false, tags: ["x", "y"], level: 2 },
  });
});

test("what cannot be is said beside its field", () => {
  const told = read(entries(SCHEMA), { path: "/a", count: "1.5", mode: "", ratio: "much", deep: "{", all: "" });
  assert.ok("wrong" in told);
  assert.deepEqual(Object.keys(told.wrong), ["count", "mode", "ratio", "deep"]);
  assert.equal(told.wrong["count"], "This is no whole number.");
});

test("a schema that is no object, goes in circles or has hostile names makes a form all the same", () => {
  for (const schema of [
    {},
    { properties: [] },
    { properties: { a: { $ref: "#/$defs/A" } }, $defs: { A: { $ref: "#/$defs/A" } } },
    { properties: { a: true, b: null } },
  ]) {
    assert.ok(entries(schema).every(({ kind }) => kind === "json"));
  }
  const hostile = JSON.parse(
    '{"properties": {"__proto__": {"type": "string"}, "constructor": {"type": "string"}}, "required": ["__proto__"]}',
  );
  const told = read(entries(hostile), JSON.parse('{"__proto__": "a"}'));
  assert.ok("value" in told);
  assert.deepEqual(Object.entries(told.value), [["__proto__", "a"]]);
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
});

test("arguments as JSON are an object or an error", () => {
  assert.deepEqual(object('{"a": 1}'), { value: { a: 1 } });
  assert.deepEqual(object(" "), { value: {} });
  for (const bad of ["[]", "null", "1", "{"]) assert.ok("wrong" in object(bad), bad);
});
