// Puts an HTTP API behind the gateway: each operation of its OpenAPI document becomes a tool.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { to } from "../core/place.ts";
import { counted, listed } from "../core/text.ts";
import { type Schemas, api, ask, once } from "../gateway/api.ts";
import { Form } from "../parts/action.tsx";
import { TextArea, TextField } from "../parts/field.tsx";
import { Visible } from "../parts/visible.tsx";

export function Import({ done }: { done: () => Promise<void> }): JSX.Element {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [document, setDocument] = useState("");
  const [operations, setOperations] = useState("");
  const [made, setMade] = useState<Schemas["Imported"]>();
  const add = async (): Promise<void> => {
    const chosen = listed(operations);
    const body = {
      name,
      ...(url !== "" && { url }),
      ...(document !== "" && { document }),
      choose: { outputs: true, ...(chosen.length > 0 && { operations: chosen }) },
    };
    setMade(await ask(api.POST("/admin/upstreams/import", { params: { header: once() }, body })));
    setName("");
    setUrl("");
    setDocument("");
    setOperations("");
    await done();
  };
  return (
    <details class="panel">
      <summary>Add an HTTP API</summary>
      <Form
        label="Import it"
        run={add}
        done="It is added: its tools are there within five seconds."
        disabled={name === "" || (url === "" && document === "")}
      >
        <TextField label="Name" hint="It stands before the names of its tools." value={name} set={setName} />
        <TextField
          label="Address of its OpenAPI document"
          hint="https, at a public host; OpenAPI 3.0 or 3.1."
          type="url"
          value={url}
          set={setUrl}
        />
        <TextArea
          label="Or the document itself"
          hint="JSON or YAML. With an address too, that is what relative addresses in it are read against."
          rows={6}
          value={document}
          set={setDocument}
        />
        <TextField
          label="Operations (optional)"
          hint="Patterns of operationId with commas between them, such as get*, list*. All of them when nothing is said."
          value={operations}
          set={setOperations}
        />
      </Form>
      {made && <Became imported={made} />}
    </details>
  );
}

/** What the document became. */
function Became({ imported }: { imported: Schemas["Imported"] }): JSX.Element {
  const { upstream, title, tools, refused, refused_count, not_chosen, shortened, credentials, elsewhere } = imported;
  return (
    <div role="status">
      <p>
        <a href={to("upstreams", upstream.name)}>{upstream.name}</a>
        {title && (
          <>
            {" "}
            (<Visible text={title} />)
          </>
        )}
        : {counted(tools.length, "tool")}, {counted(not_chosen, "operation")} not chosen, {refused_count} that cannot be
        tools.
      </p>
      {elsewhere && (
        <p class="notice warn">
          The API is at another origin than its document: <Visible text={upstream.url} />. Look at that before you give
          it a credential.
        </p>
      )}
      {credentials.length > 0 && (
        <p>
          It wants to be shown who asks:{" "}
          {credentials.map(({ scheme, kind, name }) => `${scheme} (${kind}${name ? `, ${name}` : ""})`).join("; ")}.
        </p>
      )}
      {shortened.length > 0 && <p>Schemas had to be made shorter: {shortened.join(", ")}.</p>}
      {refused.length > 0 && (
        <ul>
          {refused.map(({ method, path, reason }) => (
            <li key={`${method} ${path}`}>
              <code>
                <Visible text={`${method.toUpperCase()} ${path}`} />
              </code>
              : <Visible text={reason} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
