import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, counted, duration, listed, pieces, share, visible } from "../core/text.ts";

test("a character that is not seen, or turns what follows, is named", () => {
  for (const [letter, name] of [
    ["\u202e", "U+202E"],
    ["\u2066", "U+2066"],
    ["\u200b", "U+200B"],
    ["\u00ad", "U+00AD"],
    ["\u0000", "U+0000"],
    ["\u001b", "U+001B"],
    ["\ufeff", "U+FEFF"],
    ["\u{e0041}", "U+E0041"],
    ["\ufe0f", "U+FE0F"],
    ["\u3164", "U+3164"],
    ["\u2028", "U+2028"],
    ["\u00a0", "U+00A0"],
    ["\u2800", "U+2800"],
    ["\r", "U+000D"],
    ["\ue000", "U+E000"],
    ["\ud800", "U+D800"],
  ] as const) {
    assert.equal(visible(`a${letter}b`), `a⟨${name}⟩b`);
  }
  assert.deepEqual(pieces("\u202ea"), [
    { text: "U+202E", unseen: true },
    { text: "a", unseen: false },
  ]);
});

test("what can be seen stays as it is, in any script, with its lines", () => {
  for (const text of ["Reads a file.\n\tTwice.", "Ünïcödé", "助手", "עוזר", "<b>&amp;</b>", "🔑"])
    assert.equal(visible(text), text);
});

test("a share is never rounded to nothing or to all", () => {
  assert.deepEqual(
    [share(0, 0), share(0, 9), share(1, 1000), share(999, 1000), share(3, 3), share(1, 3)],
    ["0 %", "0 %", "1 %", "99 %", "100 %", "33 %"],
  );
});

test("times and counts are written as they are read", () => {
  assert.deepEqual([12, 999.6, 1500, 42_000, 150_000, 7_200_000, 864_000_000].map(duration), [
    "12 ms",
    "1000 ms",
    "1.5 s",
    "42 s",
    "3 min",
    "2 h",
    "10 days",
  ]);
  assert.deepEqual(
    [counted(1, "call"), counted(1200, "call"), counted(2, "entry", "entries")],
    ["1 call", "1,200 calls", "2 entries"],
  );
  const at = new Date(2026, 10, 27, 9, 5).getTime();
  assert.equal(clock(at, at + 1), "09:05");
  assert.equal(clock(at, at + 86_400_000), "27 Nov 2026, 09:05");
});

test("several values are given one a line or with commas", () => {
  assert.deepEqual(listed(" a, b\nc \n,"), ["a", "b", "c"]);
});
