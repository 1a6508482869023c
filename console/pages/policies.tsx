// Roles, and the policies on top of them; and what would be decided of a call, rule by rule.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Role, ROLES, manages } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { object } from "../core/schema.ts";
import { type Schemas, api, ask, every, ifStill, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { TextArea } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useNames } from "../parts/users.tsx";
import { Json, Tag, Visible, When } from "../parts/visible.tsx";
import { Explainer } from "./explainer.tsx";

type Policy = Schemas["PolicyView"];

const text = (rule: Policy["rule"], member: string): string =>
  typeof rule[member] === "string" ? String(rule[member]) : "";

/** How an effect looks. */
export const effectLooks = (effect: string): "good" | "warn" | "bad" =>
  effect === "allow" ? "good" : effect === "approve" ? "warn" : "bad";

const EXAMPLE = JSON.stringify(
  {
    name: "agents only read",
    effect: "deny",
    actions: ["call"],
    who: { roles: ["agent"] },
    what: { read_only: false },
  },
  null,
  2,
);

export function Policies({ chosen }: { chosen: string | undefined }): JSX.Element {
  const person = usePerson();
  const policies = useLoad(() => every((query) => ask(api.GET("/admin/policies", { params: { query } }))), []);
  const tenant = useLoad(() => ask(api.GET("/admin/tenants/{id}", { params: { path: { id: person.tenant } } })), []);
  const one = policies.value?.find(({ id }) => id === chosen);
  return (
    <>
      <section aria-labelledby="explain">
        <h2 id="explain">What would be decided</h2>
        <Explainer policies={policies.value ?? []} />
      </section>
      <section aria-labelledby="rules">
        <h2 id="rules">Policies</h2>
        <p class="quiet">
          A deny beats an approve, an approve beats an allow; the order does not matter. Where none says anything:{" "}
          {tenant.value ? <Tag is={effectLooks(tenant.value.default_effect)}>{tenant.value.default_effect}</Tag> : "…"}
        </p>
        <Shown of={policies} what="the policies" none="There is no policy: what holds is the default above.">
          {(all) => (
            <Table
              caption="Policies"
              rows={all}
              id={({ id }) => id}
              current={({ id }) => id === chosen}
              columns={[
                {
                  head: "Name",
                  cell: ({ id, rule }) => (
                    <a href={to("policies", id)}>
                      <Visible text={text(rule, "name")} />
                    </a>
                  ),
                },
                {
                  head: "Effect",
                  cell: ({ rule }) => <Tag is={effectLooks(text(rule, "effect"))}>{text(rule, "effect")}</Tag>,
                },
                { head: "Whom", cell: ({ rule }) => <Narrowed by={rule["who"]} all="everybody" /> },
                { head: "What", cell: ({ rule }) => <Narrowed by={rule["what"]} all="everything" /> },
                {
                  head: "When",
                  cell: ({ rule }) =>
                    text(rule, "when") === "" ? (
                      "always"
                    ) : (
                      <code>
                        <Visible text={text(rule, "when")} />
                      </code>
                    ),
                },
                { head: "Changed", cell: ({ updated_at }) => <When at={updated_at} /> },
              ]}
            />
          )}
        </Shown>
        {chosen !== undefined &&
          policies.value &&
          (one ? (
            <One key={`${one.id} ${one.version}`} policy={one} again={policies.again} />
          ) : (
            <Empty>There is no such policy.</Empty>
          ))}
        {manages(person) && <Make again={policies.again} />}
      </section>
      <section aria-labelledby="roles">
        <h2 id="roles">Roles</h2>
        <Table
          caption="Roles"
          rows={Object.entries(ROLES) as [Role, string][]}
          id={([role]) => role}
          columns={[
            { head: "Role", cell: ([role]) => role },
            { head: "May", cell: ([, words]) => words },
          ]}
        />
        <p class="quiet">
          Roles are given on the page <a href={to("users")}>Users</a>.
        </p>
      </section>
    </>
  );
}

/** What a rule is narrowed to, in words. */
function Narrowed({ by, all }: { by: unknown; all: string }): JSX.Element {
  const parts = typeof by === "object" && by !== null ? Object.entries(by) : [];
  if (parts.length === 0) return <span class="quiet">{all}</span>;
  return (
    <Visible
      text={parts
        .map(
          ([name, value]) =>
            `${name.replaceAll("_", " ")}: ${Array.isArray(value) ? value.join(", ") : JSON.stringify(value)}`,
        )
        .join("; ")}
    />
  );
}

function One({ policy, again }: { policy: Policy; again: () => Promise<void> }): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const [typed, setTyped] = useState(() => JSON.stringify(policy.rule, null, 2));
  const path = { id: policy.id };
  const replace = async (): Promise<void> => {
    const rule = object(typed);
    if ("wrong" in rule) throw new Error(rule.wrong);
    await ask(api.PUT("/admin/policies/{id}", { params: { path, header: ifStill(policy.version) }, body: rule.value as Schemas["Rule"] }));
    await again();
  };
  const remove = async (): Promise<void> => {
    await ask(api.DELETE("/admin/policies/{id}", { params: { path } }));
    location.hash = to("policies");
    await again();
  };
  return (
    <section class="panel" aria-labelledby="policy">
      <h3 id="policy">
        <Visible text={text(policy.rule, "name")} />
      </h3>
      <p class="quiet">
        Made by {names(policy.made_by)}, <When at={policy.created_at} />. Version {policy.version}.
      </p>
      {manages(person) ? (
        <>
          <Form label="Replace it" run={replace} done="The policy holds everywhere within five seconds.">
            <TextArea label="The rule, as JSON" rows={12} value={typed} set={setTyped} />
          </Form>
          <Action
            label="Delete"
            about={text(policy.rule, "name")}
            danger
            run={remove}
            done="The policy is deleted."
            confirm={{
              title: "Delete this policy?",
              words:
                "What it allowed, denied or wanted approved is from then on for the others and the default to say. This cannot be undone.",
            }}
          />
        </>
      ) : (
        <Json value={policy.rule} />
      )}
    </section>
  );
}

function Make({ again }: { again: () => Promise<void> }): JSX.Element {
  const [typed, setTyped] = useState(EXAMPLE);
  const make = async (): Promise<void> => {
    const rule = object(typed);
    if ("wrong" in rule) throw new Error(rule.wrong);
    const made = await ask(api.POST("/admin/policies", { params: { header: once() }, body: rule.value as Schemas["Rule"] }));
    await again();
    location.hash = to("policies", made.id);
  };
  return (
    <details class="panel">
      <summary>Make a policy</summary>
      <Form label="Make it" run={make} done="The policy holds everywhere within five seconds.">
        <TextArea
          label="The rule, as JSON"
          hint="name, effect (allow, approve, deny), actions, who, what, and when in CEL."
          rows={10}
          value={typed}
          set={setTyped}
        />
      </Form>
    </details>
  );
}
