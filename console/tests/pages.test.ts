import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, line, sum } from "../core/activity.ts";
import { type Person, type Role, calls, givable, manages, managesOwn, reads, readsOwn } from "../core/permission.ts";
import { parse, to } from "../core/place.ts";
import { line as record, looks } from "../core/record.ts";

const ALL = "admin:read admin:write tools:call tools:read";
const person = (role: Role, scope = ALL): Person => ({ sub: "u-1", username: "ada", tenant: "acme", role, scope });

test("each role is shown what the gateway would let it do", () => {
  const may = (role: Role, scope?: string) =>
    [reads, manages, readsOwn, managesOwn, calls].map((one) => Number(one(person(role, scope)))).join("");
  assert.equal(may("owner"), "11111");
  assert.equal(may("admin"), "11111");
  assert.equal(may("auditor"), "10100");
  assert.equal(may("developer"), "00111");
  assert.equal(may("agent"), "00001");
  assert.equal(may("owner", "admin:read tools:read"), "10100");
  assert.deepEqual([givable(person("owner"))[0], givable(person("admin"))[0]], ["owner", "admin"]);
});

test("a place is read from its address, and written back", () => {
  assert.deepEqual(
    [parse("").page, parse("#/").page, parse("#/drift").id, parse("#/tools/a%20b").id],
    ["", "", undefined, "a b"],
  );
  assert.equal(parse("#/audit?correlation=x%26y").query.get("correlation"), "x&y");
  assert.equal(to("tools", "files__a/b c"), "#/tools/files__a%2Fb%20c");
  assert.equal(parse(to("tools", "files__a/b c")).id, "files__a/b c");
  assert.equal(to("audit", undefined, { kind: "", user: "u&1" }), "#/audit?user=u%261");
  assert.equal(parse("#/tools/%E0%A4").id, "%E0%A4");
});

test("the axis ends with the minute that is under way, and what did not happen is 0 or nothing", () => {
  const point = { at: 120_000, calls: 3, ok: 2, refused: 0, failed: 1, limited: 4, p50_ms: 5, p95_ms: 9 };
  const activity = {
    now: 200_000,
    step_seconds: 60,
    series: [
      { upstream: "a", points: [point] },
      { upstream: "b", points: [point] },
    ],
  };
  const at = axis(activity, 3);
  assert.deepEqual(at, [60, 120, 180]);
  assert.deepEqual(line("ok", activity.series, at, ({ ok }) => ok).values, [0, 4, 0]);
  assert.deepEqual(line("p95", [{ upstream: "a", points: [point] }], at, ({ p95_ms }) => p95_ms, null).values, [
    null,
    9,
    null,
  ]);
  assert.deepEqual(sum([point, { ...point, p95_ms: 20 }]), {
    answered: 6,
    ok: 4,
    refused: 0,
    failed: 2,
    limited: 8,
    slowest: 20,
  });
});

test("a record is read as far as it goes", () => {
  const call = {
    kind: "tool.call",
    actor: { user: "u-1", credential: { kind: "api_key", id: "k" } },
    tool: { name: "files__read" },
  };
  const told = record({ seq: 4, record: { seq: 4, at: 5, correlation: "c", ...call } });
  assert.deepEqual(
    [told.seq, told.at, told.who, told.credential, told.what, told.outcome],
    [4, 5, "u-1", "api key", "files__read", undefined],
  );
  assert.equal(record({ seq: 4, outcome_unknown: true, record: call }).outcome, "unknown");
  assert.equal(record({ seq: 4, record: { target: "key/k-1", kind: 7 } }).what, "key/k-1");
  assert.deepEqual(
    [record({ seq: 9, record: null }).seq, record({ seq: 9, record: null }).kind],
    [9, "no record any more"],
  );
  assert.deepEqual(
    [looks("ok"), looks("refused"), looks("upstream_failed"), looks("waits")],
    ["good", "bad", "bad", "plain"],
  );
});
