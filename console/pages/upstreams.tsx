// The tool servers behind the gateway: how each stands, what it offered when it was last well, and what can be done about it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Activity, sum } from "../core/activity.ts";
import { findings } from "../core/findings.ts";
import { manages } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { clock, counted, duration, share } from "../core/text.ts";
import { activity } from "../gateway/activity.ts";
import { type Schemas, api, ask, every, ifStill, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { TextField } from "../parts/field.tsx";
import { type Loaded, useLoad } from "../parts/loading.ts";
import { tell } from "../parts/news.tsx";
import { usePerson } from "../parts/person.ts";
import { Empty, Problem, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Tag, Visible, When } from "../parts/visible.tsx";
import { Credentials } from "./credentials.tsx";
import { Import } from "./import.tsx";
import { Reaction } from "./reaction.tsx";

type Upstream = Schemas["UpstreamView"];

/** Whether it is another server: it is held to what was approved of it, and may want to know who asks. */
const isRemote = ({ kind }: Upstream): boolean => kind === "mcp" || kind === "http";

export function Upstreams({ chosen }: { chosen: string | undefined }): JSX.Element {
  const person = usePerson();
  const upstreams = useLoad(() => every((query) => ask(api.GET("/admin/upstreams", { params: { query } }))), []);
  const counts = useLoad(() => activity(60), [], 15_000);
  const tools = useLoad(() => ask(api.GET("/mcp/tools")), [], 60_000);
  const degraded = new Set(tools.value?.degraded ?? []);
  const one = upstreams.value?.find(({ name }) => name === chosen);
  return (
    <>
      <Shown of={upstreams} what="the upstreams" none="No tool server is behind the gateway yet.">
        {(all) => (
          <Table
            caption="Upstreams"
            rows={all}
            id={({ id }) => id}
            current={({ name }) => name === chosen}
            columns={[
              { head: "Upstream", cell: ({ name }) => <a href={to("upstreams", name)}>{name}</a> },
              {
                head: "Status",
                cell: (upstream) => <Status upstream={upstream} activity={counts.value} degraded={degraded} />,
              },
              { head: "Kind", cell: ({ kind }) => kind },
              { head: "Address", cell: ({ url }) => <Visible text={url} /> },
              {
                head: "Calls, last hour",
                numeric: true,
                cell: ({ name }) => totals(counts.value, name)?.answered ?? "–",
              },
              { head: "Failed", numeric: true, cell: ({ name }) => failed(counts.value, name) },
            ]}
          />
        )}
      </Shown>
      {counts.failed && counts.value === undefined && (
        <p class="notice warn">How their calls go cannot be had: {counts.failed.message}</p>
      )}
      {chosen !== undefined &&
        upstreams.value &&
        (one ? (
          <One key={one.id} upstream={one} counts={counts} degraded={degraded.has(one.name)} again={upstreams.again} />
        ) : (
          <Empty>There is no upstream of that name.</Empty>
        ))}
      {manages(person) && <Add done={upstreams.again} />}
      {manages(person) && <Import done={upstreams.again} />}
    </>
  );
}

const totals = (counted: Activity | undefined, name: string): ReturnType<typeof sum> | undefined => {
  const series = counted?.series.find(({ upstream }) => upstream === name);
  return counted && sum(series?.points ?? []);
};

function failed(counted: Activity | undefined, name: string): JSX.Element | string {
  const total = totals(counted, name);
  if (total === undefined) return "–";
  return (
    <span class={total.failed > 0 ? "bad-ink" : undefined}>
      {total.failed} ({share(total.failed, total.answered)})
    </span>
  );
}

function Status({
  upstream,
  activity,
  degraded,
}: {
  upstream: Upstream;
  activity: Activity | undefined;
  degraded: ReadonlySet<string>;
}): JSX.Element {
  const worst = activity && findings(activity).find((one) => one.upstream === upstream.name && one.weight !== "note");
  if (upstream.disabled_at !== null) return <Tag is="plain">disabled</Tag>;
  if (worst?.weight === "bad") return <Tag is="bad">{`fails since ${clock(worst.since, Date.now())}`}</Tag>;
  if (degraded.has(upstream.name)) return <Tag is="warn">its list is old or missing</Tag>;
  if (worst) return <Tag is="warn">{`look at it, since ${clock(worst.since, Date.now())}`}</Tag>;
  const total = totals(activity, upstream.name);
  return total && total.ok > 0 ? <Tag is="good">works</Tag> : <Tag is="plain">no call in the last hour</Tag>;
}

function One({
  upstream,
  counts,
  degraded,
  again,
}: {
  upstream: Upstream;
  counts: Loaded<Activity>;
  degraded: boolean;
  again: () => Promise<void>;
}): JSX.Element {
  const person = usePerson();
  const found = (counts.value ? findings(counts.value) : []).filter((one) => one.upstream === upstream.name);
  const total = totals(counts.value, upstream.name);
  const change = (body: Partial<Schemas["UpstreamChange"]>) => async (): Promise<void> => {
    const params = { path: { id: upstream.id }, header: ifStill(upstream.version) };
    await ask(api.PATCH("/admin/upstreams/{id}", { params, body: body as Schemas["UpstreamChange"] }));
    await again();
  };
  const remove = async (): Promise<void> => {
    await ask(api.DELETE("/admin/upstreams/{id}", { params: { path: { id: upstream.id } } }));
    location.hash = to("upstreams");
    await again();
  };
  return (
    <section class="panel" aria-labelledby="one">
      <h2 id="one">{upstream.name}</h2>
      <ul class="findings">
        {found.map((one) => (
          <li key={one.words} class={one.weight}>
            <span>
              <strong>{one.words}</strong>: {one.figures}
            </span>
          </li>
        ))}
      </ul>
      {degraded && (
        <p class="notice warn">
          Its list is missing, or older than it should be: what it offered when it was last well is shown and called
          meanwhile.
        </p>
      )}
      <dl class="pairs">
        <dt>Address</dt>
        <dd>
          <Visible text={upstream.url} />
        </dd>
        <dt>Kind</dt>
        <dd>{upstream.kind}</dd>
        <dt>Last hour</dt>
        <dd>
          {total
            ? `${counted(total.answered, "call")}, ${total.failed} failed; slowest minute ${total.slowest === 0 ? "–" : duration(total.slowest)}`
            : "not known"}
        </dd>
        <dt>Added</dt>
        <dd>
          <When at={upstream.created_at} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <When at={upstream.updated_at} />
        </dd>
        <dt>Records</dt>
        <dd>
          <a href={to("audit", undefined, { contains: upstream.id })}>What was done to it</a>
        </dd>
      </dl>
      {manages(person) && (
        <div class="buttons">
          {upstream.disabled_at === null ? (
            <Action
              label="Disable"
              about={upstream.name}
              danger
              done={`${upstream.name} is disabled: its tools are gone within five seconds.`}
              run={change({ disabled: true })}
              confirm={{
                title: `Disable ${upstream.name}?`,
                words:
                  "Its tools are shown to nobody and cannot be called, from five seconds on, until it is enabled again.",
              }}
            />
          ) : (
            <Action
              label="Enable"
              about={upstream.name}
              done={`${upstream.name} is enabled.`}
              run={change({ disabled: false })}
            />
          )}
          <Action
            label="Delete"
            about={upstream.name}
            danger
            done={`${upstream.name} is deleted.`}
            run={remove}
            confirm={{
              title: `Delete ${upstream.name}?`,
              words:
                "With it go its credentials, everything that was approved of it, and for files everything in them. This cannot be undone.",
              typed: upstream.name,
            }}
          />
        </div>
      )}
      {manages(person) && <Asking upstream={upstream} />}
      <Catalogue upstream={upstream} />
      {isRemote(upstream) && <Credentials upstream={upstream} />}
      {isRemote(upstream) && <Reaction upstream={upstream.id} />}
    </section>
  );
}

/** Asks it now. That takes as long as the upstream does. */
function Asking({ upstream }: { upstream: Upstream }): JSX.Element {
  const [trial, setTrial] = useState<Schemas["UpstreamTrial"]>();
  const [scan, setScan] = useState<Schemas["Scanned"]>();
  const path = { id: upstream.id };
  const test = async (): Promise<void> =>
    setTrial(await ask(api.POST("/admin/upstreams/{id}/test", { params: { path } })));
  const hold = async (): Promise<void> => {
    const found = await ask(api.POST("/admin/upstreams/{id}/scan", { params: { path } }));
    setScan(found);
    tell(found.works ? `${counted(found.happened, "change")} found.` : "It did not answer as it should.");
  };
  return (
    <section aria-label="Ask it now">
      <h3>Ask it now</h3>
      <div class="buttons">
        <Action label="Test it" run={test} />
        {isRemote(upstream) && <Action label="Hold it to what was approved" run={hold} />}
      </div>
      {trial && (
        <div role="status">
          <p>
            {trial.works ? <Tag is="good">it answers</Tag> : <Tag is="bad">it does not answer as it should</Tag>}{" "}
            {trial.problem && <Visible text={trial.problem} />}
          </p>
          <p>
            {counted(trial.tools.length, "tool")}, {counted(trial.prompts.length, "prompt")},{" "}
            {counted(trial.resources, "resource")}
            {trial.legacy ? "; it speaks a revision with sessions" : ""}.
          </p>
          {trial.unusable.length > 0 && (
            <ul>
              {trial.unusable.map((words) => (
                <li key={words}>
                  <Visible text={words} />
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {scan && (
        <p role="status">
          {scan.works ? (
            `${counted(scan.happened, "change")}: `
          ) : (
            <Problem error={new Error(scan.problem ?? "it did not answer as it should")} />
          )}
          {scan.works &&
            (scan.happened === 0 ? "it offers what was approved." : <a href={to("drift")}>look at what waits</a>)}
        </p>
      )}
    </section>
  );
}

/** What it offered when it was last well: what the gateway has of it, thing by thing. */
function Catalogue({ upstream }: { upstream: Upstream }): JSX.Element {
  const load = (): Promise<Schemas["PinView"][]> =>
    every((query) => ask(api.GET("/admin/pins", { params: { query: { ...query, upstream: upstream.id } } })));
  const pins = useLoad(load, [upstream.id]);
  if (!isRemote(upstream)) {
    return <p class="quiet">What it offers is the gateway's own: test it to see the list.</p>;
  }
  return (
    <section aria-labelledby="catalogue">
      <h3 id="catalogue">Last good catalogue</h3>
      <Shown of={pins} what="what it offers" none="It was never asked, or offered nothing. Test it, or list the tools.">
        {(all) => (
          <Table
            caption="What the upstream offers"
            rows={all}
            id={({ id }) => id}
            columns={[
              {
                head: "Name",
                cell: ({ id, name }) => (
                  <a href={to("drift", id)}>
                    <Visible text={name} />
                  </a>
                ),
              },
              { head: "Kind", cell: ({ kind }) => kind },
              {
                head: "Standing",
                cell: ({ standing, absent }) => (
                  <>
                    {absent ? (
                      <Tag is="warn">not offered now</Tag>
                    ) : (
                      <Tag is={standing === "approved" ? "good" : standing === "held" ? "warn" : "bad"}>{standing}</Tag>
                    )}
                  </>
                ),
              },
              { head: "Changed", cell: ({ changed_at }) => <When at={changed_at} /> },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}

function Add({ done }: { done: () => Promise<void> }): JSX.Element {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const add = async (): Promise<void> => {
    await ask(api.POST("/admin/upstreams", { params: { header: once() }, body: { name, url, kind: "mcp" } }));
    location.hash = to("upstreams", name);
    setName("");
    setUrl("");
    await done();
  };
  return (
    <details class="panel">
      <summary>Add an MCP server</summary>
      <Form
        label="Add"
        run={add}
        done="It is added: its tools are there within five seconds."
        disabled={name === "" || url === ""}
      >
        <TextField label="Name" hint="It stands before the names of its tools." value={name} set={setName} />
        <TextField label="Address" hint="https, at a public host." type="url" value={url} set={setUrl} />
        <p class="quiet">
          Files and databases are added by the <a href="/docs">API</a>.
        </p>
      </Form>
    </details>
  );
}
