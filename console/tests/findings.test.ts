import assert from "node:assert/strict";
import { test } from "node:test";
import type { Activity, Point } from "../core/activity.ts";
import { findings } from "../core/findings.ts";
import { clock } from "../core/text.ts";

const NOW = Date.UTC(2026, 10, 27, 12, 0, 30);
const MINUTE = 60_000;
const THIS = Math.floor(NOW / MINUTE) * MINUTE;

/** A minute, so many minutes ago. */
function minute(ago: number, counts: Partial<Point>): Point {
  const all = { ok: 0, refused: 0, failed: 0, limited: 0, p50_ms: 20, p95_ms: 50, ...counts };
  return { at: THIS - ago * MINUTE, calls: all.ok + all.refused + all.failed + all.limited, ...all };
}

const minutes = (from: number, to: number, counts: Partial<Point>): Point[] =>
  Array.from({ length: from - to + 1 }, (_, index) => minute(from - index, counts));

const activity = (...series: Activity["series"]): Activity => ({ now: NOW, step_seconds: 60, series });
const since = (ago: number): string => clock(THIS - ago * MINUTE, NOW);

test("an upstream that fails is named with the minute since when and with its numbers", () => {
  const points = [...minutes(50, 10, { ok: 10 }), ...minutes(9, 0, { ok: 2, failed: 8 })];
  const [first, ...rest] = findings(activity({ upstream: "files", points }));
  assert.deepEqual(rest, []);
  assert.equal(first?.weight, "bad");
  assert.equal(first?.words, `files mostly fails since ${since(9)}`);
  assert.equal(first?.figures, "40 of 50 calls failed in the last 5 minutes");
  assert.equal(first?.since, THIS - 9 * MINUTE);
});

test("the operator is told whose upstream it is", () => {
  const [first] = findings(activity({ tenant: "acme", upstream: "files", points: minutes(3, 0, { failed: 4 }) }));
  assert.equal(first?.words, `acme / files fails since ${since(3)}`);
  assert.equal(first?.tenant, "acme");
});

test("the worst comes first", () => {
  const found = findings(
    activity(
      { upstream: "a-little", points: minutes(20, 0, { ok: 20, failed: 3 }) },
      { upstream: "good", points: minutes(20, 0, { ok: 20 }) },
      { upstream: "over-limit", points: minutes(20, 0, { ok: 20, limited: 2 }) },
      { upstream: "some", points: minutes(20, 0, { ok: 2, failed: 2 }) },
      { upstream: "worst", points: minutes(20, 0, { failed: 20 }) },
    ),
  );
  assert.deepEqual(
    found.map(({ upstream }) => upstream),
    ["worst", "some", "a-little", "over-limit"],
  );
  assert.deepEqual(
    found.map(({ weight }) => weight),
    ["bad", "bad", "warn", "warn"],
  );
});

test("a minute without a call does not end a failure", () => {
  const points = [...minutes(30, 21, { ok: 5 }), ...minutes(20, 12, { failed: 5 }), ...minutes(4, 0, { failed: 5 })];
  assert.equal(findings(activity({ upstream: "files", points }))[0]?.since, THIS - 20 * MINUTE);
});

test("one failure among many calls is no finding", () => {
  assert.deepEqual(
    findings(
      activity({ upstream: "files", points: [...minutes(30, 1, { ok: 30 }), minute(0, { ok: 30, failed: 1 })] }),
    ),
    [],
  );
});

test("a failure that is over is a note with its beginning and its end", () => {
  const points = [...minutes(50, 31, { ok: 5 }), ...minutes(30, 20, { failed: 5 }), ...minutes(19, 0, { ok: 5 })];
  const [first, ...rest] = findings(activity({ upstream: "files", points }));
  assert.deepEqual(rest, []);
  assert.equal(first?.weight, "note");
  assert.equal(first?.words, `files failed from ${since(30)} to ${since(19)} and works again`);
  assert.equal(first?.figures, "55 of 55 calls failed then");
});

test("an upstream that became slow is named, and one that always was is not", () => {
  const became = [...minutes(40, 6, { ok: 5, p95_ms: 300 }), ...minutes(5, 0, { ok: 5, p95_ms: 4200 })];
  const [first] = findings(activity({ upstream: "files", points: became }));
  assert.equal(first?.words, `files is slow since ${since(5)}`);
  assert.equal(first?.figures, "95 % of calls take up to 4.2 s, before it was 300 ms");
  assert.deepEqual(findings(activity({ upstream: "always", points: minutes(40, 0, { ok: 5, p95_ms: 4200 }) })), []);
});

test("limits and refusals are told, also of requests that reach no tool", () => {
  const found = findings(
    activity(
      { upstream: null, points: minutes(3, 0, { limited: 30 }) },
      { upstream: "crm", points: minutes(4, 0, { refused: 4, ok: 1 }) },
    ),
  );
  assert.deepEqual(
    found.map(({ words }) => words),
    [`Limits refuse requests to the gateway itself since ${since(3)}`, `Calls of crm are refused since ${since(4)}`],
  );
  assert.equal(found[0]?.figures, "120 requests over a limit in the last 5 minutes (100 %)");
});

test("calls that came steadily and come no more are a note", () => {
  const [first] = findings(activity({ upstream: "files", points: minutes(50, 12, { ok: 12 }) }));
  assert.equal(first?.words, `No call of files since ${since(11)}`);
  assert.equal(first?.figures, "before that 12 a minute");
  assert.deepEqual(findings(activity({ upstream: "seldom", points: minutes(50, 50, { ok: 3 }) })), []);
});

test("requests that call no tool are spoken of as such, and no word is said when they stop", () => {
  const failing = findings(activity({ upstream: null, points: minutes(6, 0, { ok: 1, failed: 3 }) }));
  assert.equal(failing[0]?.words, `the gateway itself mostly fails since ${since(6)}`);
  assert.equal(failing[0]?.figures, "15 of 20 requests failed in the last 5 minutes");
  assert.deepEqual(findings(activity({ upstream: null, points: minutes(50, 12, { ok: 12 }) })), []);
});

test("of nothing nothing is said", () => {
  assert.deepEqual(findings(activity()), []);
  assert.deepEqual(findings(activity({ upstream: "files", points: [] })), []);
});
