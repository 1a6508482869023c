// The first page of an incident: what is wrong, with which upstream, since when; then the numbers behind it.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type Activity, type Series, axis, line, nameOf, sum } from "../core/activity.ts";
import { type Finding, findings } from "../core/findings.ts";
import { to } from "../core/place.ts";
import { clock, counted, duration, share } from "../core/text.ts";
import { activity } from "../gateway/activity.ts";
import { api, ask } from "../gateway/api.ts";
import { Chart } from "../parts/chart.tsx";
import { type Loaded, useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";

const EVERY_MS = 10_000;
const SPANS: readonly [number, string][] = [
  [15, "15 minutes"],
  [60, "hour"],
  [360, "6 hours"],
  [1440, "day"],
];
const LINES = ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6"];
const WEIGHT = { bad: "Failing", warn: "Look at it", note: "Note" } as const;

export function Overview(): JSX.Element {
  const person = usePerson();
  const [minutes, setMinutes] = useState(60);
  const counted = useLoad(() => activity(minutes), [minutes], EVERY_MS);
  return (
    <>
      <Now of={counted} whose={person.tenant} minutes={minutes} setMinutes={setMinutes} />
      <Waits />
      <Shown of={counted} what="the charts">
        {(value) => <Charts activity={value} minutes={minutes} />}
      </Shown>
    </>
  );
}

/** What is wrong, in words. */
export function Now({
  of,
  whose,
  minutes,
  setMinutes,
}: {
  of: Loaded<Activity>;
  whose: string;
  minutes: number;
  setMinutes: (minutes: number) => void;
}): JSX.Element {
  const found = useMemo(() => (of.value ? findings(of.value) : []), [of.value]);
  const bad = found.filter((one) => one.weight !== "note").length;
  const total =
    of.value && sum(of.value.series.filter(({ upstream }) => upstream !== null).flatMap(({ points }) => points));
  return (
    <section class="now" aria-labelledby="now">
      <div class="line">
        <h2 id="now">{bad > 0 ? `${whose}: ${counted(bad, "problem")} now` : `${whose}: now`}</h2>
        <label>
          The last{" "}
          <select value={String(minutes)} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
            {SPANS.map(([span, words]) => (
              <option key={span} value={String(span)}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <p class="quiet">{of.value ? `As of ${clock(of.value.now, Date.now())}, looked at every 10 seconds` : ""}</p>
      </div>
      {of.value && found.length === 0 && (
        <p class="notice good">
          {total && total.answered + total.limited > 0
            ? `Nothing is wrong that can be seen here: ${counted(total.answered, "call")}, ${share(total.ok, total.answered)} of them good.`
            : "No call in this time. Nothing can be said of how well it works."}
        </p>
      )}
      <ul class="findings">
        {found.map((one) => (
          <Found key={`${one.tenant} ${one.upstream} ${one.words}`} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Found({ one }: { one: Finding }): JSX.Element {
  const upstream =
    one.upstream !== null && one.upstream !== "builtin" && one.tenant === undefined ? one.upstream : undefined;
  return (
    <li class={one.weight}>
      <span class="weight">{WEIGHT[one.weight]}</span>
      <span>
        <strong>{one.words}</strong>: {one.figures}
      </span>
      {upstream !== undefined && <a href={to("upstreams", upstream)}>Look at {upstream}</a>}
    </li>
  );
}

/** What waits for a person. */
function Waits(): JSX.Element {
  const load = async (): Promise<{ drift: string; approvals: string; degraded: string[] }> => {
    const [pins, approvals, tools] = await Promise.all([
      ask(api.GET("/admin/pins", { params: { query: { standing: "waiting", limit: 200 } } })),
      ask(api.GET("/admin/approvals", { params: { query: { state: "asked", limit: 200 } } })),
      ask(api.GET("/mcp/tools")),
    ]);
    const many = ({ items, next }: { items: unknown[]; next?: string | null }): string =>
      `${items.length}${next ? " and more" : ""}`;
    return { drift: many(pins), approvals: many(approvals), degraded: tools.degraded ?? [] };
  };
  const waits = useLoad(load, [], 60_000);
  return (
    <section class="facts" aria-label="What waits for a person">
      <Shown of={waits} what="what waits">
        {({ drift, approvals, degraded }) => (
          <dl>
            <div class={drift === "0" ? undefined : "warn"}>
              <dt>Changes of upstreams to decide</dt>
              <dd>
                <a href={to("drift")}>{drift}</a>
              </dd>
            </div>
            <div class={approvals === "0" ? undefined : "warn"}>
              <dt>Calls that wait for approval</dt>
              <dd>
                <a href={to("approvals")}>{approvals}</a>
              </dd>
            </div>
            <div class={degraded.length === 0 ? undefined : "bad"}>
              <dt>Upstreams whose lists are old or missing</dt>
              <dd>
                {degraded.length === 0
                  ? "none"
                  : degraded.map((name) => (
                      <a key={name} href={to("upstreams", name)}>
                        {name}
                      </a>
                    ))}
              </dd>
            </div>
          </dl>
        )}
      </Shown>
    </section>
  );
}

/** The four charts, and the same by upstream. */
export function Charts({ activity, minutes }: { activity: Activity; minutes: number }): JSX.Element {
  const drawn = useMemo(() => lines(activity, minutes), [activity, minutes]);
  const calls = (value: number): string => (Number.isInteger(value) ? String(value) : "");
  return (
    <>
      <section class="charts" aria-label="Charts">
        <Chart
          title="Traffic: calls a minute"
          at={drawn.at}
          lines={drawn.traffic}
          value={calls}
          colours={["line-1", "line-4", "bad"]}
          steps
        />
        <Chart
          title="Latency: 95 % of calls are quicker"
          at={drawn.at}
          lines={drawn.latency}
          value={duration}
          colours={LINES}
        />
        <Chart
          title="Errors: failed calls a minute"
          at={drawn.at}
          lines={drawn.errors}
          value={calls}
          colours={LINES}
          steps
        />
        <Chart
          title="Limits: requests refused a minute"
          at={drawn.at}
          lines={drawn.limits}
          value={calls}
          colours={LINES}
          steps
        />
      </section>
      <section aria-labelledby="by-upstream">
        <h2 id="by-upstream">By upstream</h2>
        <ByUpstream activity={activity} />
      </section>
    </>
  );
}

/** So many lines can be told apart; the busiest have one of their own. */
const MOST = 6;

function lines(
  activity: Activity,
  minutes: number,
): Record<"traffic" | "latency" | "errors" | "limits", ReturnType<typeof line>[]> & { at: number[] } {
  const at = axis(activity, minutes);
  const { series } = activity;
  // What this page itself asks is no traffic of tools.
  const calls = series.filter(({ upstream }) => upstream !== null);
  const most = (value: (one: Series) => number): Series[] =>
    [...series]
      .sort((a, b) => value(b) - value(a))
      .filter((one) => value(one) > 0)
      .slice(0, MOST)
      .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const each = (
    chosen: Series[],
    value: Parameters<typeof line>[3],
    nothing: number | null,
  ): ReturnType<typeof line>[] => chosen.map((one) => line(nameOf(one), [one], at, value, nothing));
  const none = [line("none", [], at, () => 0)];
  const or = (some: ReturnType<typeof line>[]): ReturnType<typeof line>[] => (some.length === 0 ? none : some);
  return {
    at,
    traffic: [
      line("good", calls, at, (point) => point.ok),
      line("refused", calls, at, (point) => point.refused),
      line("failed", calls, at, (point) => point.failed),
    ],
    latency: or(
      each(
        most((one) => sum(one.points).slowest),
        (point) => point.p95_ms,
        null,
      ),
    ),
    errors: or(
      each(
        most((one) => sum(one.points).failed),
        (point) => point.failed,
        0,
      ),
    ),
    limits: or(
      each(
        most((one) => sum(one.points).limited),
        (point) => point.limited,
        0,
      ),
    ),
  };
}

function ByUpstream({ activity }: { activity: Activity }): JSX.Element {
  const rows = activity.series.map((series) => ({
    series,
    total: sum(series.points),
    last: Math.max(0, ...series.points.map((point) => point.at)),
  }));
  rows.sort((a, b) => b.total.failed - a.total.failed || b.total.answered - a.total.answered);
  if (rows.length === 0) return <Empty>No call in this time.</Empty>;
  return (
    <Table
      caption="Calls by upstream"
      rows={rows}
      id={({ series }) => nameOf(series)}
      columns={[
        {
          head: "Upstream",
          cell: ({ series }) =>
            series.upstream === null || series.upstream === "builtin" || series.tenant !== undefined ? (
              nameOf(series)
            ) : (
              <a href={to("upstreams", series.upstream)}>{series.upstream}</a>
            ),
        },
        { head: "Calls or requests", numeric: true, cell: ({ total }) => total.answered.toLocaleString("en-GB") },
        {
          head: "Failed",
          numeric: true,
          cell: ({ total }) => (
            <span class={total.failed > 0 ? "bad-ink" : undefined}>
              {total.failed} ({share(total.failed, total.answered)})
            </span>
          ),
        },
        { head: "Refused", numeric: true, cell: ({ total }) => total.refused },
        { head: "Limited", numeric: true, cell: ({ total }) => total.limited },
        {
          head: "Slowest minute, 95 %",
          numeric: true,
          cell: ({ total }) => (total.slowest === 0 ? "–" : duration(total.slowest)),
        },
        { head: "Last", cell: ({ last }) => (last === 0 ? "–" : clock(last, Date.now())) },
      ]}
    />
  );
}
