// The tools the person has, and a form to try one with, made of its schema.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { calls } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { type Entry, entries, object, read } from "../core/schema.ts";
import { counted, duration } from "../core/text.ts";
import { type Schemas, api, ask, once } from "../gateway/api.ts";
import { Form } from "../parts/action.tsx";
import { Field, TextArea, TextField } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { Json, Tag, Visible } from "../parts/visible.tsx";

type Tool = Schemas["ToolSummary"];

const OWN = "Own tools";

/** Where a tool stands in the list: with its upstream, whose name is before its own, or with what the gateway has itself. */
function groupOf(name: string): string {
  if (name.includes("__")) return name.split("__", 1)[0] ?? "";
  return name.startsWith("gateway_") ? "Administration, for agents" : OWN;
}

export function Tools({ chosen }: { chosen: string | undefined }): JSX.Element {
  const tools = useLoad(() => ask(api.GET("/mcp/tools")), []);
  const [wanted, setWanted] = useState("");
  return (
    <Shown
      of={tools}
      what="the tools"
      isNone={({ tools }) => tools.length === 0}
      none="You have no tools: either no upstream is there, or no policy lets you use one."
    >
      {({ tools: all, degraded }) => {
        const some = all.filter(({ name, description }) =>
          `${name} ${description}`.toLowerCase().includes(wanted.toLowerCase()),
        );
        const tool = all.find(({ name }) => name === chosen);
        return (
          <>
            {degraded !== undefined && degraded.length > 0 && (
              <p class="notice warn">
                Of these upstreams the lists are missing or older than they should be: {degraded.join(", ")}.
              </p>
            )}
            <div class="split">
              <section aria-label="Tools">
                <TextField
                  label={`Find among ${counted(all.length, "tool")}`}
                  type="search"
                  value={wanted}
                  set={setWanted}
                />
                {some.length === 0 ? (
                  <Empty>No tool has that in its name or description.</Empty>
                ) : (
                  <Names tools={some} chosen={chosen} />
                )}
              </section>
              <section aria-label="The tool that is looked at">
                {tool ? (
                  <Try key={tool.name} tool={tool} />
                ) : (
                  <Empty>
                    {chosen === undefined
                      ? "Choose a tool to see what it takes, and to try it."
                      : "There is no such tool among yours."}
                  </Empty>
                )}
              </section>
            </div>
          </>
        );
      }}
    </Shown>
  );
}

function Names({ tools, chosen }: { tools: Tool[]; chosen: string | undefined }): JSX.Element {
  const groups = Map.groupBy(tools, ({ name }) => groupOf(name));
  const sorted = [...groups].sort(([a], [b]) => Number(b === OWN) - Number(a === OWN) || a.localeCompare(b));
  return (
    <div class="names">
      {sorted.map(([upstream, some]) => (
        <div key={upstream}>
          <h2 class="small">
            <Visible text={upstream} />
          </h2>
          <ul class="choices">
            {some.map(({ name }) => (
              <li key={name}>
                <a href={to("tools", name)} aria-current={name === chosen ? "true" : undefined}>
                  <Visible text={name} />
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

type Outcome = { readonly took: number; readonly answer: Schemas["ExecuteResponse"] };

function Try({ tool }: { tool: Tool }): JSX.Element {
  const person = usePerson();
  const fields = useMemo(() => entries(tool.parameters), [tool]);
  const [typed, setTyped] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map(({ name, begin }) => [name, begin])),
  );
  const [raw, setRaw] = useState<string>();
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const [outcome, setOutcome] = useState<Outcome>();
  const call = async (): Promise<void> => {
    const arguments_ = raw === undefined ? read(fields, typed) : object(raw);
    setOutcome(undefined);
    if ("wrong" in arguments_) {
      setWrong(typeof arguments_.wrong === "string" ? { "": arguments_.wrong } : arguments_.wrong);
      return;
    }
    setWrong({});
    const began = performance.now();
    const body = { tool: tool.name, arguments: arguments_.value };
    const answer = await ask(api.POST("/mcp/execute", { body, params: { header: once() } }));
    setOutcome({ took: performance.now() - began, answer });
  };
  const toJson = (): void => {
    const sofar = read(fields, typed);
    setRaw(JSON.stringify("value" in sofar ? sofar.value : {}, null, 2));
  };
  return (
    <>
      <h2>
        <Visible text={tool.name} />
      </h2>
      <p class="words">
        <Visible text={tool.description === "" ? "It has no description." : tool.description} />
      </p>
      {calls(person) && (
        <Form label="Call it" run={call}>
          <p class="notice plain">
            This is a real call, in your name: it counts against your limits, is on record, and changes whatever the
            tool changes.
          </p>
          {raw === undefined ? (
            fields.map((field) => (
              <Argument
                key={field.name}
                field={field}
                value={typed[field.name] ?? ""}
                wrong={wrong[field.name]}
                set={(value) => setTyped({ ...typed, [field.name]: value })}
              />
            ))
          ) : (
            <TextArea label="Arguments as JSON" hint={wrong[""]} rows={8} value={raw} set={setRaw} />
          )}
          {raw === undefined && fields.length === 0 && <p class="quiet">It takes no arguments.</p>}
          <button type="button" class="link" onClick={() => (raw === undefined ? toJson() : setRaw(undefined))}>
            {raw === undefined ? "Write the arguments as JSON" : "Back to the form"}
          </button>
        </Form>
      )}
      {outcome && (
        <section class="outcome" aria-label="What came of it" role="status">
          <p>
            {outcome.answer.success ? <Tag is="good">it worked</Tag> : <Tag is="bad">the tool says that it failed</Tag>}{" "}
            after {duration(outcome.took)}
          </p>
          <Json value={outcome.answer.result} />
        </section>
      )}
      <details>
        <summary>Its schema</summary>
        <Json value={tool.parameters} />
      </details>
    </>
  );
}

function Argument({
  field,
  value,
  wrong,
  set,
}: {
  field: Entry;
  value: string;
  wrong: string | undefined;
  set: (value: string) => void;
}): JSX.Element {
  const hint = (
    <>
      {wrong !== undefined && <strong class="bad-ink">{wrong} </strong>}
      {field.kind === "list" && "One a line. "}
      {field.kind === "json" && "As JSON. "}
      {field.usual !== "" && (
        <>
          Usually <Visible text={field.usual} />.{" "}
        </>
      )}
      <Visible text={field.description} />
    </>
  );
  const told =
    wrong !== undefined ||
    field.usual !== "" ||
    field.description !== "" ||
    field.kind === "list" ||
    field.kind === "json";
  return (
    <Field label={`${field.name}${field.required ? "" : " (optional)"}`} {...(told && { hint })}>
      {(id, described) => <Input id={id} described={described} field={field} value={value} set={set} />}
    </Field>
  );
}

function Input({
  id,
  described,
  field,
  value,
  set,
}: {
  id: string;
  described: string | undefined;
  field: Entry;
  value: string;
  set: (value: string) => void;
}): JSX.Element {
  const common = { id, "aria-describedby": described, value };
  const needed = field.required && field.kind !== "text" && field.kind !== "long" && field.kind !== "list";
  switch (field.kind) {
    case "choice":
    case "yes_or_no": {
      const choices = field.kind === "choice" ? field.choices : ["true", "false"];
      return (
        <select {...common} required={needed} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">{field.required ? "Choose…" : "not given"}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {field.kind === "yes_or_no" ? (choice === "true" ? "yes" : "no") : choice}
            </option>
          ))}
        </select>
      );
    }
    case "long":
    case "list":
    case "json":
      return (
        <textarea
          {...common}
          required={needed}
          rows={field.kind === "json" ? 4 : 3}
          spellcheck={field.kind === "long"}
          onInput={(event) => set(event.currentTarget.value)}
        />
      );
    case "text":
      return <input {...common} autoComplete="off" onInput={(event) => set(event.currentTarget.value)} />;
    default:
      return (
        <input
          {...common}
          type="number"
          step={field.kind === "integer" ? 1 : "any"}
          required={needed}
          onInput={(event) => set(event.currentTarget.value)}
        />
      );
  }
}
