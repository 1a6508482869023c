// What is wrong, in words, worst first: derived from what was counted alone, so that somebody who has never seen the gateway
// knows which upstream it is, whose, and since when.
import { type Activity, type Point, type Series, type Sum, nameOf, sum } from "./activity.ts";
import { clock, counted, duration, share } from "./text.ts";

/** How bad something is. */
export type Weight = "bad" | "warn" | "note";

/** One thing that is, or was, wrong. */
export type Finding = {
  readonly weight: Weight;
  readonly tenant?: string;
  readonly upstream: string | null;
  /** When it began, milliseconds since 1970. */
  readonly since: number;
  readonly words: string;
  /** What the numbers are. */
  readonly figures: string;
};

const RECENT_MS = 5 * 60_000;
/** From this share on a minute counts as one in which something failed. */
const FAILING = 0.1;
/** Fewer failures than this are chance. */
const FEWEST = 2;
const SLOWER = 3;
const SLOW_MS = 1000;
/** A stop of this many calls a minute is worth a word. */
const STEADY = 1;

/** What fails is worse than what the gateway refuses by rules of its own, however often it does. */
const FAILED = 1_000_000;

type Ranked = Finding & { readonly rank: number };

/** Everything that is to be said of an activity, worst first. */
export function findings(activity: Activity): Finding[] {
  const found = activity.series.flatMap((series) => ofSeries(series, activity));
  const order: Record<Weight, number> = { bad: 0, warn: 1, note: 2 };
  found.sort((a, b) => order[a.weight] - order[b.weight] || b.rank - a.rank || a.since - b.since);
  return found.map(({ rank: _, ...finding }) => finding);
}

function ofSeries(series: Series, { now }: Activity): Ranked[] {
  const points = [...series.points].sort((a, b) => a.at - b.at);
  const recent = points.filter((point) => point.at > now - RECENT_MS);
  const told = {
    name: subject(series),
    noun: series.upstream === null ? "request" : "call",
    points,
    recent,
    total: sum(recent),
    now,
  };
  const found = [failing(told) ?? recovered(told), slow(told), refusing(told), limiting(told), silent(told)];
  const whose = { upstream: series.upstream, ...(series.tenant !== undefined && { tenant: series.tenant }) };
  return found.filter((one) => one !== undefined).map((one) => ({ ...whose, ...one }));
}

type Told = { name: string; noun: string; points: Point[]; recent: Point[]; total: Sum; now: number };
type Part = Omit<Ranked, "tenant" | "upstream">;

/** Own tools and what reached none are spoken of in words of their own. */
function subject(series: Series): string {
  if (series.upstream !== null && series.upstream !== "builtin") return nameOf(series);
  const words = series.upstream === null ? "the gateway itself" : "own tools";
  return series.tenant === undefined ? words : `${series.tenant} / ${words}`;
}

const answered = (point: Point): number => point.ok + point.refused + point.failed;
const fails = (point: Point): boolean => point.failed > 0 && point.failed >= FAILING * answered(point);

/** The beginning of the unbroken run of such minutes at the end; a minute without a call breaks nothing. */
function began(
  points: readonly Point[],
  counts: (point: Point) => boolean,
  matters: (point: Point) => boolean,
): number {
  let since = points.at(-1)?.at ?? 0;
  for (const point of [...points].reverse()) {
    if (counts(point)) since = point.at;
    else if (matters(point)) break;
  }
  return since;
}

function failing({ name, noun, points, recent, total, now }: Told): Part | undefined {
  const latest = recent.filter((point) => answered(point) > 0).at(-1);
  if (latest === undefined || total.failed < FEWEST || total.failed < FAILING * total.answered) return undefined;
  // Whose newest minutes are good again has recovered, however bad the five minutes were.
  const newest = recent.filter((point) => answered(point) > 0).slice(-2);
  if (!newest.some(fails)) return undefined;
  const since = began(points, fails, (point) => answered(point) > 0);
  const all = total.failed === total.answered;
  const verb = all ? "fails" : total.failed * 2 >= total.answered ? "mostly fails" : "fails in part";
  return {
    weight: total.failed * 4 >= total.answered ? "bad" : "warn",
    since,
    words: `${name} ${verb} since ${clock(since, now)}`,
    figures: `${total.failed} of ${counted(total.answered, noun)} failed in the last 5 minutes`,
    rank: FAILED + total.failed * (total.failed / total.answered),
  };
}

/** A failure that is over. */
function recovered({ name, noun, points, now }: Told): Part | undefined {
  const last = points.findLastIndex(fails);
  const run = points.slice(0, last + 1);
  const since = began(run, fails, (point) => answered(point) > 0);
  const during = sum(run.filter((point) => point.at >= since));
  const after = points.slice(last + 1).some((point) => point.ok > 0);
  if (during.failed < FEWEST + 1 || !after) return undefined;
  const end = (points[last]?.at ?? 0) + 60_000;
  return {
    weight: "note",
    since,
    words: `${name} failed from ${clock(since, now)} to ${clock(end, now)} and works again`,
    figures: `${during.failed} of ${counted(during.answered, noun)} failed then`,
    rank: during.failed,
  };
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function slow({ name, noun, points, recent, now }: Told): Part | undefined {
  const measured = (point: Point): boolean => point.ok > 0 && point.p95_ms > 0;
  const latest = recent.filter(measured);
  if (latest.length < 2) return undefined;
  const nowMs = median(latest.map((point) => point.p95_ms));
  const usual = median(points.filter(measured).map((point) => point.p95_ms));
  const early = median(
    points
      .filter(measured)
      .slice(0, 10)
      .map((point) => point.p95_ms),
  );
  const before = Math.min(usual, early);
  if (nowMs < SLOW_MS || before === 0 || nowMs < SLOWER * before) return undefined;
  const since = began(points, (point) => measured(point) && point.p95_ms >= SLOWER * before, measured);
  return {
    weight: "warn",
    since,
    words: `${name} is slow since ${clock(since, now)}`,
    figures: `95 % of ${noun}s take up to ${duration(nowMs)}, before it was ${duration(before)}`,
    rank: nowMs / before,
  };
}

function refusing({ name, noun, points, total, now }: Told): Part | undefined {
  if (total.refused < 5 || total.refused * 2 < total.answered) return undefined;
  const refuses = (point: Point): boolean => point.refused * 2 >= answered(point) && point.refused > 0;
  const since = began(points, refuses, (point) => answered(point) > 0);
  return {
    weight: "warn",
    since,
    words: `${noun === "call" ? `Calls of ${name}` : `Requests to ${name}`} are refused since ${clock(since, now)}`,
    figures: `${total.refused} of ${counted(total.answered, noun)} in the last 5 minutes`,
    rank: total.refused,
  };
}

function limiting({ name, noun, points, total, now }: Told): Part | undefined {
  if (total.limited === 0) return undefined;
  const since = began(
    points,
    (point) => point.limited > 0,
    (point) => answered(point) > 0,
  );
  const all = total.limited + total.answered;
  return {
    weight: "warn",
    since,
    words: `Limits refuse ${noun === "call" ? `calls of ${name}` : `requests to ${name}`} since ${clock(since, now)}`,
    figures: `${counted(total.limited, noun)} over a limit in the last 5 minutes (${share(total.limited, all)})`,
    rank: total.limited,
  };
}

/** Calls came steadily, and come no more. */
function silent({ name, noun, points, total, now }: Told): Part | undefined {
  const last = points.findLast((point) => answered(point) > 0);
  // People and this very page ask for other things: that they stop says nothing.
  if (last === undefined || total.answered > 0 || noun === "request") return undefined;
  const before = points.filter((point) => point.at > last.at - 15 * 60_000);
  const rate = sum(before).answered / 15;
  if (rate < STEADY) return undefined;
  const since = last.at + 60_000;
  return {
    weight: "note",
    since,
    words: `No call of ${name} since ${clock(since, now)}`,
    figures: `before that ${rate < 10 ? rate.toFixed(1) : Math.round(rate)} a minute`,
    rank: rate,
  };
}
