// What whoever copies works with: plain data.

import type { JudgedPlan } from "./make_plan.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { Clusters } from "../preflight/reach.ts";

/** What an engine works with. */
export type EngineOptions = PipelineOptions & JudgedPlan & Clusters;
