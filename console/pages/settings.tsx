// The tenant's settings, and who is told what happens.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { object } from "../core/schema.ts";
import { type Schemas, api, ask, every, ifStill } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { Field } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Shown } from "../parts/shown.tsx";
import { Plans } from "./plans.tsx";
import { Webhooks } from "./webhooks.tsx";

type Tenant = Schemas["Tenant"];

export function Settings(): JSX.Element {
  const person = usePerson();
  const tenant = useLoad(() => ask(api.GET("/admin/tenants/{id}", { params: { path: { id: person.tenant } } })), []);
  const plans = useLoad(() => every((query) => ask(api.GET("/admin/plans", { params: { query } }))), []);
  return (
    <>
      <Shown of={tenant} what="the settings">
        {(value) => (
          <>
            <section class="panel" aria-labelledby="tenant">
              <h2 id="tenant">Tenant {value.id}</h2>
              <Edit key={value.version} tenant={value} plans={plans.value ?? []} again={tenant.again} />
            </section>
            <section class="panel" aria-labelledby="rails">
              <h2 id="rails">Guardrails</h2>
              <Rails key={value.version} tenant={value} again={tenant.again} />
            </section>
          </>
        )}
      </Shown>
      <Plans plans={plans} />
      <Webhooks />
      {manages(person) && <Seal />}
    </>
  );
}

/** Sends what is to be changed, of the version that was read. */
async function change(tenant: Tenant, body: Partial<Schemas["TenantChange"]>): Promise<void> {
  const params = { path: { id: tenant.id }, header: ifStill(tenant.version) };
  await ask(api.PATCH("/admin/tenants/{id}", { params, body: body as Schemas["TenantChange"] }));
}

function Edit({
  tenant,
  plans,
  again,
}: {
  tenant: Tenant;
  plans: readonly Schemas["PlanView"][];
  again: () => Promise<void>;
}): JSX.Element {
  const may = manages(usePerson());
  const [wanted, setWanted] = useState(tenant);
  const keep = async (): Promise<void> => {
    const { name, default_effect, plan, user_plan, audit_calls, audit_bodies, audit_days } = wanted;
    await change(tenant, { name, default_effect, plan, user_plan, audit_calls, audit_bodies, audit_days });
    await again();
  };
  const choice = <K extends "default_effect" | "audit_calls" | "plan" | "user_plan">(
    label: string,
    member: K,
    choices: readonly (readonly [Tenant[K], string])[],
    hint?: string,
  ): JSX.Element => (
    <Field label={label} {...(hint !== undefined && { hint })}>
      {(id, described) => (
        <select
          id={id}
          aria-describedby={described}
          disabled={!may}
          value={wanted[member] ?? ""}
          onChange={(event) =>
            setWanted({ ...wanted, [member]: event.currentTarget.value === "" ? null : event.currentTarget.value })
          }
        >
          {choices.map(([value, words]) => (
            <option key={value ?? ""} value={value ?? ""}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  const given = plans.map(({ id, name }) => [id, name] as const);
  return (
    <Form label="Keep this" run={keep} done="It holds everywhere within five seconds." disabled={!may}>
      <div class="fields">
        <Field label="Name">
          {(id) => (
            <input
              id={id}
              disabled={!may}
              value={wanted.name}
              onInput={(event) => setWanted({ ...wanted, name: event.currentTarget.value })}
            />
          )}
        </Field>
        {choice("Where no policy says anything", "default_effect", [
          ["allow", "allowed"],
          ["deny", "denied"],
        ])}
        {choice("Plan of the tenant as a whole", "plan", [[null, "none"], ...given])}
        {choice("Plan of each user without one", "user_plan", [[null, "the gateway's own limits"], ...given])}
        {choice("A call's record is written", "audit_calls", [
          ["before", "before its reply"],
          ["after", "after its reply"],
        ])}
        <Field label="The audit trail is kept for, in days">
          {(id) => (
            <input
              id={id}
              type="number"
              min={1}
              max={3660}
              disabled={!may}
              value={wanted.audit_days}
              onInput={(event) => setWanted({ ...wanted, audit_days: Number(event.currentTarget.value) })}
            />
          )}
        </Field>
      </div>
      <label class="check">
        <input
          type="checkbox"
          disabled={!may}
          checked={wanted.audit_bodies}
          onChange={(event) => setWanted({ ...wanted, audit_bodies: event.currentTarget.checked })}
        />
        Redacted arguments are kept in the audit trail
      </label>
    </Form>
  );
}

function Rails({ tenant, again }: { tenant: Tenant; again: () => Promise<void> }): JSX.Element {
  const may = manages(usePerson());
  const [typed, setTyped] = useState(tenant.guardrails === null ? "" : JSON.stringify(tenant.guardrails, null, 2));
  const keep = async (): Promise<void> => {
    const read = object(typed);
    if ("wrong" in read) throw new Error(read.wrong);
    await change(tenant, { guardrails: typed.trim() === "" ? null : (read.value as Schemas["Guardrails"]) });
    await again();
  };
  return (
    <Form label="Keep this" run={keep} done="It holds everywhere within five seconds." disabled={!may}>
      <Field
        label="What is looked for in arguments and results, as JSON"
        hint={
          <>
            Empty for nothing. For example <code>{'{"results": {"detectors": {"email": "redact"}}}'}</code>
          </>
        }
      >
        {(id, hint) => (
          <textarea
            id={id}
            aria-describedby={hint}
            rows={8}
            spellcheck={false}
            disabled={!may}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
    </Form>
  );
}

/** Seals everything anew, part by part, until nothing is left. */
function Seal(): JSX.Element {
  const person = usePerson();
  const [told, setTold] = useState("");
  const seal = async (): Promise<void> => {
    let sealed = 0;
    let more = true;
    while (more) {
      const part = await ask(api.POST("/admin/tenants/{id}/reseal", { params: { path: { id: person.tenant } } }));
      sealed += part.resealed;
      more = part.more;
      setTold(
        `${sealed} sealed with the current key${part.unreadable > 0 ? `, ${part.unreadable} open with none` : ""}${more ? "; going on…" : "."}`,
      );
    }
  };
  return (
    <section class="panel" aria-labelledby="seal">
      <h2 id="seal">Seal anew</h2>
      <p>
        After the operator replaced <code>ENCRYPTION_KEY</code>: seals stored credentials with the new one.
      </p>
      <div class="buttons">
        <Action label="Seal anew" run={seal} />
        <span role="status">{told}</span>
      </div>
    </section>
  );
}
