// A table that is a list of cards where it is narrow.
import type { ComponentChildren, JSX } from "preact";

/** A column: its head, and what of a row stands in it. */
export type Column<T> = {
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  readonly numeric?: boolean;
};

type Rows<T> = {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  /** Whether a row is the one that is looked at. */
  current?: (row: T) => boolean;
};

/** The rows; the first column names them. */
export function Table<T>({ caption, columns, rows, id, current }: Rows<T>): JSX.Element {
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ head, numeric }) => (
            <th key={head} scope="col" class={numeric ? "number" : undefined}>
              {head === "" ? <span class="unseen">Actions</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={id(row)} aria-current={current?.(row) ? "true" : undefined}>
            {columns.map(({ head, cell, numeric }, index) =>
              index === 0 ? (
                <th key={head} scope="row">
                  {cell(row)}
                </th>
              ) : (
                <td key={head} data-head={head} class={numeric ? "number" : undefined}>
                  <div>{cell(row)}</div>
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
