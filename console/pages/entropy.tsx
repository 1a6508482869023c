// Randomness: which quantum providers answer, and what may be said of the tokens made now.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Line } from "../core/activity.ts";
import { reads } from "../core/permission.ts";
import { clock, duration } from "../core/text.ts";
import { type Look, useLooks } from "../gateway/entropy.ts";
import { type Schemas, api, ask, askWith } from "../gateway/api.ts";
import { Action } from "../parts/action.tsx";
import { Chart } from "../parts/chart.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Problem, Shown, Waiting } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Json, Tag } from "../parts/visible.tsx";

const LOOKS: Record<Schemas["ProviderState"], "good" | "warn" | "bad" | "plain"> = {
  healthy: "good",
  failing: "bad",
  rate_limited: "warn",
  unconfigured: "plain",
  unknown: "plain",
};

const LABELS: readonly Schemas["Label"][] = ["classical", "quantum-stale", "quantum-seeded"];

const ago = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined ? "–" : `${duration(seconds * 1000)} ago`;

const LabelTag = ({ label }: { label: Schemas["Label"] }): JSX.Element => (
  <Tag is={label === "quantum-seeded" ? "good" : label === "quantum-stale" ? "warn" : "plain"}>{label}</Tag>
);

export function Entropy(): JSX.Element {
  const { looks, failed, again } = useLooks();
  const own = useLoad(() => ask(api.GET("/auth/me")), []);
  const person = usePerson();
  const last = looks.at(-1);
  if (last === undefined) return failed ? <Problem error={failed} again={again} /> : <Waiting what="the entropy" />;
  const { entropy, qrng } = last.health;
  const providers = Object.values(qrng).sort(
    (a, b) => Number(a.state === "unconfigured") - Number(b.state === "unconfigured"),
  );
  return (
    <>
      {failed && <Problem error={failed} again={again} />}
      <section class="panel" aria-labelledby="now">
        <div class="line">
          <h2 id="now">Now</h2>
          <p class="quiet">As of {clock(last.at, Date.now())}, looked at every half minute</p>
          <Action label="Look now" run={again} />
        </div>
        <dl class="pairs">
          <dt>Label</dt>
          <dd>
            <LabelTag label={entropy.label} />
          </dd>
          <dt>What that means</dt>
          <dd>{entropy.statement}</dd>
          <dt>Providers mixed in</dt>
          <dd>{entropy.providers.length === 0 ? "none" : entropy.providers.join(", ")}</dd>
          <dt>How long ago</dt>
          <dd>{ago(entropy.age_seconds)}</dd>
          <dt>Your access token</dt>
          <dd>
            <Shown of={own} what="your token">
              {(me) => (
                <>
                  {me.entropy
                    ? `${me.entropy.label}${me.entropy.providers?.length ? `, of ${me.entropy.providers.join(", ")}` : ""}`
                    : "nothing is known"}
                </>
              )}
            </Shown>
          </dd>
        </dl>
      </section>
      <section aria-labelledby="providers">
        <h2 id="providers">Providers</h2>
        <Table
          caption="Providers of quantum randomness"
          rows={providers}
          id={({ provider }) => provider}
          columns={[
            { head: "Provider", cell: ({ provider }) => provider },
            { head: "State", cell: ({ state }) => <Tag is={LOOKS[state]}>{state.replaceAll("_", " ")}</Tag> },
            { head: "Last good answer", cell: ({ last_success_age_seconds }) => ago(last_success_age_seconds) },
            { head: "Last failure", cell: ({ last_failure }) => last_failure ?? "–" },
            {
              head: "Asked again",
              cell: ({ next_attempt_in_seconds: next }) =>
                next === null || next === undefined ? "–" : `in ${duration(next * 1000)}`,
            },
          ]}
        />
      </section>
      {reads(person) && <Labels />}
      <Ages looks={looks} />
    </>
  );
}

/** The label over time, as the gateway noted it. */
function Labels(): JSX.Element {
  const history = useLoad(() => ask(api.GET("/admin/entropy")), [], 30_000);
  return (
    <section aria-labelledby="over">
      <h2 id="over">Labels over time</h2>
      <Shown of={history} what="the labels">
        {({ labels, now }) =>
          labels.length === 0 ? (
            <p class="empty">No provider was asked for a seed yet: what was made is classical.</p>
          ) : (
            <Changes labels={labels} now={now} />
          )
        }
      </Shown>
    </section>
  );
}

const MOST_ROWS = 20;

function Changes({ labels, now }: Schemas["EntropyHistory"]): JSX.Element {
  const at = useMemo(() => [...labels.map((since) => Math.floor(since.at / 1000)), Math.floor(now / 1000)], [labels, now]);
  const lines = useMemo((): Line[] => {
    const values = labels.map(({ label }) => LABELS.indexOf(label));
    return [{ name: "label", values: [...values, values.at(-1) ?? null] }];
  }, [labels]);
  const spans = labels.map((since, index) => ({ ...since, until: labels[index + 1]?.at ?? now }));
  return (
    <>
      <div class="charts">
        <Chart
          title="Label"
          at={at}
          lines={lines}
          value={(value) => LABELS[value]?.replace("quantum-", "") ?? ""}
          colours={["line-1"]}
          steps
        />
      </div>
      <Table
        caption="The last changes of the label"
        rows={spans.reverse().slice(0, MOST_ROWS)}
        id={({ at: since }) => String(since)}
        columns={[
          { head: "Since", cell: ({ at: since }) => clock(since, now) },
          { head: "Label", cell: ({ label }) => <LabelTag label={label} /> },
          { head: "For", cell: ({ at: since, until }) => duration(until - since) },
        ]}
      />
    </>
  );
}

/** How old what was mixed in was, as far as this page saw it. */
function Ages({ looks }: { looks: readonly Look[] }): JSX.Element {
  const at = useMemo(() => looks.map((look) => Math.floor(look.at / 1000)), [looks]);
  const lines = useMemo((): Line[] => {
    const age = (seconds: number | null | undefined): number | null =>
      seconds === null || seconds === undefined ? null : seconds * 1000;
    return [{ name: "age", values: looks.map(({ health }) => age(health.entropy.age_seconds)) }];
  }, [looks]);
  return (
    <section aria-labelledby="ages">
      <h2 id="ages">Age of what was mixed in</h2>
      <p class="quiet">
        What this page saw since {clock(looks[0]?.at ?? 0, Date.now())}, while it was open and seen; <code>/metrics</code>{" "}
        has it for longer.
      </p>
      <div class="charts">
        <Chart title="Age" at={at} lines={lines} value={duration} colours={["line-2"]} />
      </div>
    </section>
  );
}

/** What the hub tells the operator. */
export function HubDetail({ token }: { token: string }): JSX.Element {
  const hub = useLoad(() => askWith<Schemas["Status"]>("/entropy/status", token), [token], 30_000);
  return (
    <section aria-labelledby="hub">
      <h2 id="hub">Entropy hub</h2>
      <Shown of={hub} what="the entropy hub">
        {(status) => (
          <>
            <dl class="pairs">
              <dt>Mode</dt>
              <dd>{status.mode}</dd>
              <dt>Label</dt>
              <dd>{status.provenance.label}</dd>
              <dt>Seeds of providers</dt>
              <dd>{status.quantum_seeds}</dd>
              <dt>Seeds of local randomness alone</dt>
              <dd>{status.local_seeds}</dd>
              <dt>Rounds without an answer</dt>
              <dd>{status.fallbacks}</dd>
            </dl>
            {status.providers.length > 0 && (
              <Table
                caption="Providers, in detail"
                rows={status.providers}
                id={({ provider }) => provider}
                columns={[
                  { head: "Provider", cell: ({ provider }) => provider },
                  { head: "State", cell: ({ state }) => <Tag is={LOOKS[state]}>{state.replaceAll("_", " ")}</Tag> },
                  { head: "Breaker", cell: ({ breaker }) => breaker },
                  {
                    head: "Failures in a row",
                    numeric: true,
                    cell: ({ consecutive_failures }) => consecutive_failures,
                  },
                  { head: "Bytes taken", numeric: true, cell: ({ accepted_bytes }) => accepted_bytes },
                  { head: "Bytes refused", numeric: true, cell: ({ rejected_bytes }) => rejected_bytes },
                ]}
              />
            )}
            <details>
              <summary>All of it</summary>
              <Json value={status} />
            </details>
          </>
        )}
      </Shown>
    </section>
  );
}
