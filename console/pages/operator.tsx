// All tenants, for the operator. The operator's token stands in this page's memory alone: it is gone when the page is left.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Finding, findings } from "../core/findings.ts";
import { to } from "../core/place.ts";
import { counted } from "../core/text.ts";
import { everyActivity } from "../gateway/activity.ts";
import { type Schemas, askWith, every, ifStill } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { TextField } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Tag, Visible, When } from "../parts/visible.tsx";
import { HubDetail } from "./entropy.tsx";
import { Charts, Now } from "./overview.tsx";

type Listed = { items: Schemas["Tenant"][]; next?: string | null };

export function Operator(): JSX.Element {
  const [token, setToken] = useState<string>();
  useEffect(() => void (document.title = "Operator · Console"), []);
  return (
    <>
      <div class="line">
        <h1>All tenants</h1>
        {token !== undefined && <Action label="Forget the token" run={async () => setToken(undefined)} />}
        <a href={to("")}>To the console of a tenant</a>
      </div>
      {token === undefined ? <Enter enter={setToken} /> : <Tenants token={token} />}
    </>
  );
}

function Enter({ enter }: { enter: (token: string) => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const check = async (): Promise<void> => {
    await askWith<Listed>("/admin/tenants?limit=1", typed.trim());
    enter(typed.trim());
  };
  return (
    <Form label="Look" run={check} disabled={typed.trim() === ""}>
      <p>
        What each tenant's upstreams do, without seeing into any tenant. It takes the secret <code>OPERATOR_TOKEN</code>
        .
      </p>
      <TextField
        label="Operator's token"
        hint="It is kept in this page's memory only, and sent to this gateway only."
        type="password"
        value={typed}
        set={setTyped}
      />
    </Form>
  );
}

type Tenant = Schemas["Tenant"];

/** So many are listed at a time: the others are found by name. */
const SHOWN = 25;

function Tenants({ token }: { token: string }): JSX.Element {
  const [minutes, setMinutes] = useState(60);
  const [wanted, setWanted] = useState("");
  const activity = useLoad(() => everyActivity(minutes, token), [token, minutes], 10_000);
  const load = (): Promise<Tenant[]> =>
    every(({ limit, cursor }) => {
      const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
      return askWith<Listed>(`/admin/tenants?${query}`, token);
    });
  const tenants = useLoad(load, [token], 60_000);
  const found = activity.value ? findings(activity.value) : [];
  const worst = new Map([...found].reverse().map((one) => [one.tenant, one]));
  /** Those of which there is something to say come first, as far as they are wanted. */
  const chosen = (all: Tenant[]): Tenant[] =>
    all
      .filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted.toLowerCase()))
      .sort((a, b) => Number(worst.has(b.id)) - Number(worst.has(a.id)) || a.id.localeCompare(b.id));
  return (
    <>
      <Now of={activity} whose="All tenants" minutes={minutes} setMinutes={setMinutes} />
      <section aria-labelledby="tenants">
        <h2 id="tenants">Tenants</h2>
        <Shown of={tenants} what="the tenants" none="There is no tenant.">
          {(all) => (
            <>
              <TextField
                label={`Find among ${counted(all.length, "tenant")}`}
                type="search"
                value={wanted}
                set={setWanted}
              />
              <Rows tenants={chosen(all).slice(0, SHOWN)} worst={worst} token={token} again={tenants.again} />
              {chosen(all).length > SHOWN && (
                <p class="quiet">{chosen(all).length - SHOWN} more: find them by their name.</p>
              )}
            </>
          )}
        </Shown>
      </section>
      <Shown of={activity} what="the charts">
        {(value) => <Charts activity={value} minutes={minutes} />}
      </Shown>
      <HubDetail token={token} />
    </>
  );
}

type Rows = {
  tenants: Tenant[];
  worst: ReadonlyMap<string | undefined, Finding>;
  token: string;
  again: () => Promise<void>;
};

function Rows({ tenants, worst, token, again }: Rows): JSX.Element {
  return (
    <Table
      caption="Tenants"
      rows={tenants}
      id={({ id }) => id}
      columns={[
        { head: "Tenant", cell: ({ id }) => id },
        { head: "Name", cell: ({ name }) => <Visible text={name} /> },
        { head: "Now", cell: ({ id }) => worst.get(id)?.words ?? <span class="quiet">nothing to be seen</span> },
        { head: "Made", cell: ({ created_at }) => <When at={created_at} /> },
        {
          head: "Standing",
          cell: ({ suspended_at }) =>
            suspended_at === null ? <Tag is="good">in service</Tag> : <Tag is="bad">suspended</Tag>,
        },
        { head: "", cell: (tenant) => <Suspend tenant={tenant} token={token} again={again} /> },
      ]}
    />
  );
}

function Suspend({ tenant, token, again }: { tenant: Tenant; token: string; again: () => Promise<void> }): JSX.Element {
  const { id, version } = tenant;
  const set = (suspended: boolean) => async (): Promise<void> => {
    const headers = { "content-type": "application/json", ...ifStill(version) };
    await askWith(`/admin/tenants/${id}`, token, { method: "PATCH", headers, body: JSON.stringify({ suspended }) });
    await again();
  };
  if (tenant.suspended_at !== null) {
    return <Action label="Resume" about={id} done={`${id} is in service again.`} run={set(false)} />;
  }
  const words =
    "Its people's and agents' sessions end within a second, and nobody of it is let in until it is resumed.";
  const confirm = { title: `Suspend ${id}?`, words, typed: id };
  return <Action label="Suspend" about={id} danger done={`${id} is suspended.`} run={set(true)} confirm={confirm} />;
}
