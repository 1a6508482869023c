// What the gateway counted of calls, minute by minute, and what follows from it for who looks.

/** One minute of an upstream. */
export type Point = {
  readonly at: number;
  readonly calls: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  readonly limited: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
};

/** The minutes of an upstream; `null` for requests that called no tool. The operator's series name their tenant. */
export type Series = {
  readonly upstream: string | null;
  readonly tenant?: string;
  readonly points: readonly Point[];
};

/** All of it, at one moment of the gateway's clock. */
export type Activity = {
  readonly now: number;
  readonly step_seconds: number;
  readonly series: readonly Series[];
};

/** What some minutes come to. */
export type Sum = {
  readonly answered: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  readonly limited: number;
  readonly slowest: number;
};

/** Adds points up. Percentiles cannot be added: the slowest minute's stands for them. */
export function sum(points: Iterable<Point>): Sum {
  const total = { answered: 0, ok: 0, refused: 0, failed: 0, limited: 0, slowest: 0 };
  for (const point of points) {
    total.answered += point.ok + point.refused + point.failed;
    total.ok += point.ok;
    total.refused += point.refused;
    total.failed += point.failed;
    total.limited += point.limited;
    total.slowest = Math.max(total.slowest, point.p95_ms);
  }
  return total;
}

/** What a series is called by who reads it. */
export function nameOf(series: Pick<Series, "upstream" | "tenant">): string {
  const upstream =
    series.upstream === null
      ? "requests without a tool"
      : series.upstream === "builtin"
        ? "own tools"
        : series.upstream;
  return series.tenant === undefined ? upstream : `${series.tenant} / ${upstream}`;
}

/** A line of a chart: a value for each minute, `null` where nothing happened. */
export type Line = { readonly name: string; readonly values: readonly (number | null)[] };

/** The minutes from `minutes` ago to now, as the axis of a chart: seconds since 1970. */
export function axis(activity: Activity, minutes: number): number[] {
  const step = activity.step_seconds;
  const last = Math.floor(activity.now / 1000 / step) * step;
  const count = Math.max(1, Math.ceil((minutes * 60) / step));
  return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * step);
}

/** One value of each minute of some series together. What counts is 0 where nothing happened; `null` is for what does not. */
export function line(
  name: string,
  series: readonly Series[],
  at: readonly number[],
  value: (point: Point) => number,
  nothing: number | null = 0,
): Line {
  const values = new Map<number, number>();
  for (const { points } of series) {
    for (const point of points) {
      const second = Math.floor(point.at / 1000);
      values.set(second, (values.get(second) ?? 0) + value(point));
    }
  }
  return { name, values: at.map((second) => values.get(second) ?? nothing) };
}
