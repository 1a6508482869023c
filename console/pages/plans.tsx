// Plans: limits and quotas that the tenant, its users and keys are given.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { object } from "../core/schema.ts";
import { type Schemas, api, ask, ifStill, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { TextArea, TextField } from "../parts/field.tsx";
import type { Loaded } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Json, Visible, When } from "../parts/visible.tsx";

type Plan = Schemas["PlanView"];

const EXAMPLE = JSON.stringify(
  { rate: { burst: 60, per_minute: 600 }, daily: 10000, tools: { "files__*": { daily: 500 } } },
  null,
  2,
);
const HINT = "rate (burst, per_minute), concurrent, daily, monthly; and the same for each of tools, by name or pattern.";

export function Plans({ plans }: { plans: Loaded<Plan[]> }): JSX.Element {
  const person = usePerson();
  const [changed, setChanged] = useState<string>();
  const one = plans.value?.find(({ id }) => id === changed);
  const remove = (id: string) => async (): Promise<void> => {
    await ask(api.DELETE("/admin/plans/{id}", { params: { path: { id } } }));
    await plans.again();
  };
  return (
    <section aria-labelledby="plans">
      <h2 id="plans">Plans</h2>
      <Shown of={plans} what="the plans" none="There is no plan: the gateway's own limits hold.">
        {(all) => (
          <Table
            caption="Plans"
            rows={all}
            id={({ id }) => id}
            current={({ id }) => id === changed}
            columns={[
              { head: "Name", cell: ({ name }) => <Visible text={name} /> },
              { head: "Limits", cell: ({ limits }) => <Json value={limits} /> },
              { head: "Changed", cell: ({ updated_at }) => <When at={updated_at} /> },
              {
                head: "",
                cell: ({ id, name }) =>
                  manages(person) ? (
                    <div class="buttons">
                      <Action label="Change" about={name} run={async () => setChanged(id)} />
                      <Action
                        label="Delete"
                        about={name}
                        danger
                        run={remove(id)}
                        done={`${name} is deleted.`}
                        confirm={{
                          title: `Delete the plan ${name}?`,
                          words: "A plan that is given to somebody cannot be deleted.",
                        }}
                      />
                    </div>
                  ) : (
                    ""
                  ),
              },
            ]}
          />
        )}
      </Shown>
      {one && <Change key={`${one.id} ${one.version}`} plan={one} again={plans.again} />}
      {manages(person) && <Make again={plans.again} />}
    </section>
  );
}

type Typed = { readonly name: string; readonly limits: string };

/** What was typed, as the gateway takes it. */
function read({ name, limits }: Typed): Schemas["NewPlan"] {
  const typed = object(limits);
  if ("wrong" in typed) throw new Error(typed.wrong);
  return { name, limits: typed.value };
}

function Fields({ typed, set }: { typed: Typed; set: (typed: Typed) => void }): JSX.Element {
  return (
    <>
      <TextField label="Name" maxLength={64} value={typed.name} set={(name) => set({ ...typed, name })} />
      <TextArea
        label="Limits, as JSON"
        hint={HINT}
        rows={8}
        value={typed.limits}
        set={(limits) => set({ ...typed, limits })}
      />
    </>
  );
}

function Change({ plan, again }: { plan: Plan; again: () => Promise<void> }): JSX.Element {
  const [typed, setTyped] = useState<Typed>({ name: plan.name, limits: JSON.stringify(plan.limits, null, 2) });
  const change = async (): Promise<void> => {
    const params = { path: { id: plan.id }, header: ifStill(plan.version) };
    await ask(api.PUT("/admin/plans/{id}", { params, body: read(typed) }));
    await again();
  };
  return (
    <section class="panel" aria-labelledby="plan">
      <h3 id="plan">
        <Visible text={plan.name} />
      </h3>
      <Form label="Replace it" run={change} done="The plan holds everywhere within five seconds.">
        <Fields typed={typed} set={setTyped} />
      </Form>
    </section>
  );
}

function Make({ again }: { again: () => Promise<void> }): JSX.Element {
  const [typed, setTyped] = useState<Typed>({ name: "", limits: EXAMPLE });
  const make = async (): Promise<void> => {
    await ask(api.POST("/admin/plans", { params: { header: once() }, body: read(typed) }));
    setTyped({ name: "", limits: EXAMPLE });
    await again();
  };
  return (
    <details class="panel">
      <summary>Make a plan</summary>
      <Form label="Make it" run={make} done="The plan is made: give it to somebody next." disabled={typed.name === ""}>
        <Fields typed={typed} set={setTyped} />
      </Form>
    </details>
  );
}
