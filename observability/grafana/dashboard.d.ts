// The form of a dashboard's file, after the types of the Grafana release that the compose file runs (@grafana/schema). A test holds
// every file to it: an option that Grafana does not have, or a value it does not know, is a mistake of ours.

import type { Dashboard, FieldConfig, FieldConfigSource, Panel } from "@grafana/schema";
import type { Options as BarGauge } from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as StateTimelineField,
  Options as StateTimeline,
} from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type { Options as Table } from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeries,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** A type as a file writes it: the values of an enumeration in place of its names. */
type Written<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends (infer Item)[]
      ? Written<Item>[]
      : T extends object
        ? { [Key in keyof T]: Written<T[Key]> }
        : T;

/** The same with every member left to its default. */
type Partly<T> = T extends (infer Item)[] ? Partly<Item>[] : T extends object ? { [Key in keyof T]?: Partly<T[Key]> } : T;

/** A question to Prometheus. */
interface Query {
  refId: string;
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  format?: "table" | "time_series";
}

/** A panel of one kind. */
type PanelOf<Kind extends string, Options, Field = object> = Omit<
  Written<Panel>,
  "type" | "options" | "targets" | "fieldConfig"
> & {
  type: Kind;
  title: string;
  description: string;
  options?: Partly<Written<Options>>;
  targets: Query[];
  fieldConfig: Omit<Written<FieldConfigSource>, "defaults"> & {
    defaults: Omit<Written<FieldConfig>, "custom"> & { custom?: Partly<Written<Field>> };
  };
};

/** A dashboard's file. */
export type DashboardFile = Omit<Written<Dashboard>, "panels"> & {
  uid: string;
  title: string;
  panels: (
    | PanelOf<"bargauge", BarGauge>
    | PanelOf<"stat", Stat>
    | PanelOf<"state-timeline", StateTimeline, StateTimelineField>
    | PanelOf<"table", Table>
    | PanelOf<"timeseries", TimeSeries, TimeSeriesField>
  )[];
};
