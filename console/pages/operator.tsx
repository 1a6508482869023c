// All tenants, for the operator. The operator's token stands in this page's memory alone: it is gone when the page is left.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { findings } from "../core/findings.ts";
import { to } from "../core/place.ts";
import { everyActivity } from "../gateway/activity.ts";
import { type Schemas, askWith, ifStill } from "../gateway/api.ts";
import { Action, Field, Form } from "../parts/action.tsx";
import { useLoad } from "../parts/loading.ts";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Tag, Visible, When } from "../parts/visible.tsx";
import { HubDetail } from "./entropy.tsx";
import { Charts, Now } from "./overview.tsx";

type Tenants = { items: Schemas["Tenant"][]; next?: string | null };

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
    await askWith<Tenants>("/admin/tenants?limit=1", typed.trim());
    enter(typed.trim());
  };
  return (
    <Form label="Look" run={check} disabled={typed.trim() === ""}>
      <p>
        What each tenant's upstreams do, without seeing into any tenant. It takes the secret <code>OPERATOR_TOKEN</code>
        .
      </p>
      <Field label="Operator's token" hint="It is kept in this page's memory only, and sent to this gateway only.">
        {(id, hint) => (
          <input
            id={id}
            aria-describedby={hint}
            type="password"
            autoComplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
    </Form>
  );
}

function Tenants({ token }: { token: string }): JSX.Element {
  const [minutes, setMinutes] = useState(60);
  const activity = useLoad(() => everyActivity(minutes, token), [token, minutes], 10_000);
  const tenants = useLoad(() => askWith<Tenants>("/admin/tenants?limit=200", token), [token], 60_000);
  const worst = new Map((activity.value ? findings(activity.value) : []).reverse().map((one) => [one.tenant, one]));
  const suspend = (tenant: Schemas["Tenant"], suspended: boolean) => async (): Promise<void> => {
    const headers = { "content-type": "application/json", ...ifStill(tenant.version) };
    await askWith(`/admin/tenants/${tenant.id}`, token, {
      method: "PATCH",
      headers,
      body: JSON.stringify({ suspended }),
    });
    await tenants.again();
  };
  return (
    <>
      <Now of={activity} whose="All tenants" minutes={minutes} setMinutes={setMinutes} />
      <section aria-labelledby="tenants">
        <h2 id="tenants">Tenants</h2>
        <Shown of={tenants} what="the tenants" isNone={({ items }) => items.length === 0} none="There is no tenant.">
          {({ items, next }) => (
            <>
              <Table
                caption="Tenants"
                rows={items}
                id={({ id }) => id}
                columns={[
                  { head: "Tenant", cell: ({ id }) => id },
                  { head: "Name", cell: ({ name }) => <Visible text={name} /> },
                  {
                    head: "Now",
                    cell: ({ id }) => worst.get(id)?.words ?? <span class="quiet">nothing to be seen</span>,
                  },
                  { head: "Since", cell: ({ created_at }) => <When at={created_at} /> },
                  {
                    head: "Standing",
                    cell: ({ suspended_at }) =>
                      suspended_at === null ? <Tag is="good">in service</Tag> : <Tag is="bad">suspended</Tag>,
                  },
                  {
                    head: "",
                    cell: (tenant) =>
                      tenant.suspended_at === null ? (
                        <Action
                          label="Suspend"
                          about={tenant.id}
                          danger
                          done={`${tenant.id} is suspended.`}
                          run={suspend(tenant, true)}
                          confirm={{
                            title: `Suspend ${tenant.id}?`,
                            words:
                              "Every session of its people and agents ends within a second, and nobody of it is let in until it is resumed.",
                            typed: tenant.id,
                          }}
                        />
                      ) : (
                        <Action
                          label="Resume"
                          about={tenant.id}
                          done={`${tenant.id} is in service again.`}
                          run={suspend(tenant, false)}
                        />
                      ),
                  },
                ]}
              />
              {next && <p class="quiet">These are the first 200.</p>}
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
