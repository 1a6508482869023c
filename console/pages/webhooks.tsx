// Where the tenant is told what it should know.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { type Schemas, api, ask, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { TextField } from "../parts/field.tsx";
import { useList } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Secret } from "../parts/secret.tsx";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Visible, When } from "../parts/visible.tsx";

export function Webhooks(): JSX.Element {
  const person = usePerson();
  const hooks = useList(
    (cursor) => ask(api.GET("/admin/webhooks", { params: { query: cursor === undefined ? {} : { cursor } } })),
    [],
  );
  const [url, setUrl] = useState("");
  const [made, setMade] = useState<Schemas["MadeWebhook"]>();
  const add = async (): Promise<void> => {
    setMade(await ask(api.POST("/admin/webhooks", { params: { header: once() }, body: { url } })));
    setUrl("");
    await hooks.again();
  };
  const on = (id: string): { params: { path: { id: string } } } => ({ params: { path: { id } } });
  const remove = (id: string) => async (): Promise<void> => {
    await ask(api.DELETE("/admin/webhooks/{id}", on(id)));
    await hooks.again();
  };
  return (
    <section aria-labelledby="webhooks">
      <h2 id="webhooks">Webhooks</h2>
      {made && (
        <Secret
          what="The webhook's secret"
          secret={made.secret}
          note="Its receiver checks signatures with it."
          close={() => setMade(undefined)}
        />
      )}
      <Shown of={hooks} what="the webhooks" none="Nobody is told.">
        {(all) => (
          <Table
            caption="Webhooks"
            rows={all}
            id={({ id }) => id}
            columns={[
              { head: "Address", cell: ({ url }) => <Visible text={url} /> },
              { head: "Made", cell: ({ created_at }) => <When at={created_at} /> },
              {
                head: "",
                cell: ({ id, url }) =>
                  manages(person) ? (
                    <div class="buttons">
                      <Action
                        label="Test"
                        about={url}
                        run={() => ask(api.POST("/admin/webhooks/{id}/test", on(id)))}
                        done="A message that says nothing is on its way."
                      />
                      <Action
                        label="Delete"
                        about={url}
                        danger
                        run={remove(id)}
                        done="The webhook is deleted."
                        confirm={{
                          title: "Delete this webhook?",
                          words: "With it go the messages that are still to be sent.",
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
      <More of={hooks} />
      {manages(person) && (
        <details class="panel">
          <summary>Add a webhook</summary>
          <Form label="Add" run={add} disabled={url === ""}>
            <TextField
              label="Address"
              hint="https, at a public host. Messages are signed as Standard Webhooks says."
              type="url"
              value={url}
              set={setUrl}
            />
          </Form>
        </details>
      )}
    </section>
  );
}
