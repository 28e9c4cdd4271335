// Reports what a run does, in the same words to the log and to the screen: results on stdout, progress and problems on
// stderr. It decides what is said where; pure functions make the texts.

import type { PipelineNarrator } from "../run/pipeline_options.ts";
import type { Finding } from "../model/finding.ts";
import { escapeName } from "../model/escape_name.ts";
import { newTopicText } from "../plan/new_topics.ts";
import { countOf } from "../model/units.ts";
import { patternLine } from "../plan/pattern_matches.ts";
import { groupLags } from "../plan/lag.ts";
import { expirySentence } from "../plan/positions_expiry.ts";
import { planLines } from "../plan/plan_text.ts";
import { planTotals, type Report } from "../report/report.ts";
import type { Outcome } from "../report/verdict.ts";
import type { BuildInfo } from "../process/version.ts";
import {
  carriedLines,
  groupLagLine,
  groupOffsetLine,
  groupPositionLines,
  leftLines,
} from "./group_text.ts";
import type { LiveState } from "./live_view.ts";
import { formatUtcOffset, type Log } from "./log.ts";
import { addSample, type Sample, speedOf } from "./meter.ts";
import { MOST_PARTITIONS_SHOWN as MOST_LINES_SHOWN, planSummary } from "./plan_summary.ts";
import { progressLine } from "./progress_text.ts";
import {
  compareLine,
  findingLine,
  partitionResultLine,
  type ResultLine,
  topicResultLine,
} from "./result_text.ts";

/** The screen: takes text for people, one line at a time. */
export interface Screen {
  /** Shows a result: on stdout, or on stderr where stdout is reserved for JSON. */
  result(text: string): void;
  /** Shows progress or a problem on stderr, the level before the text. */
  notice(text: string, level?: "warning" | "error"): void;
  /** Redraws progress in place, or removes it; absent where the terminal cannot do that or the user does not want it. */
  live?(state: LiveState | undefined): void;
}

/** How much is shown on the screen. */
export interface Verbosity {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly progress: boolean;
}

/** Reports the stages of a run. */
export interface Narrator extends Log, PipelineNarrator {
  started(
    run: {
      readonly runId: string;
      readonly configPath: string;
      readonly mode: string;
      readonly at: Date;
    },
  ): void;
  finished(report: Report): void;
}

const SCREEN_PROGRESS_MS = 5_000;
/** Often enough to follow, seldom enough not to flicker. */
const LIVE_PROGRESS_MS = 500;
const LOG_PROGRESS_MS = 60_000;

/** Makes a narrator; `now` returns milliseconds of a monotonic clock. */
export function createNarrator(
  log: Log,
  screen: Screen,
  verbosity: Verbosity,
  build: BuildInfo,
  now: () => number,
): Narrator {
  let screenProgressAt = now();
  let logProgressAt = now();
  let samples: readonly Sample[] = [];

  const toLog = ({ level, text }: ResultLine) => log[level](text);
  const result = (text: string) => verbosity.quiet || screen.result(text);

  function tell(line: ResultLine): void {
    toLog(line);
    if (verbosity.quiet && line.level !== "error") return;
    if (line.level === "info") screen.notice(line.text);
    else screen.notice(line.text, line.level);
  }

  function tellFindings(findings: readonly Finding[]): void {
    for (const finding of findings) tell(findingLine(finding));
  }

  /** Writes all lines to the log, and a readable number of them to the screen. */
  function tellSummary(lines: readonly string[]): void {
    for (const line of lines) log.info(line);
    for (const line of lines.slice(0, MOST_LINES_SHOWN)) result(line);
    const more = lines.length - MOST_LINES_SHOWN;
    if (more > 0) result(`… and ${countOf(more, "more group")}; the log has all of them`);
  }

  /** Reports progress at intervals, shorter on the screen than in the log: as a line or, where there is one, in the live view. */
  function tellProgress(text: () => string, view?: () => LiveState): void {
    const at = now();
    const live = view && screen.live;
    const interval = live === undefined ? SCREEN_PROGRESS_MS : LIVE_PROGRESS_MS;
    const toScreen = verbosity.progress && !verbosity.quiet && at - screenProgressAt >= interval;
    const toFile = at - logProgressAt >= LOG_PROGRESS_MS;
    if (toScreen) {
      screenProgressAt = at;
      if (live === undefined) screen.notice(text());
      else live(view?.());
    }
    if (toFile) {
      logProgressAt = at;
      log.info(text());
    }
  }

  return {
    debug(text) {
      log.debug(text);
      if (verbosity.verbose) screen.notice(text);
    },
    info(text) {
      log.info(text);
      if (!verbosity.quiet) screen.notice(text);
    },
    warning: (text) => tell({ level: "warning", text }),
    error: (text) => tell({ level: "error", text }),

    started({ runId, configPath, mode, at }) {
      const what = mode === "verify" ? "--verify" : `checkFlag: ${mode === "check" ? 0 : 1}`;
      log.info(
        `data-migrate ${build.version} (${build.commit}), run ${runId}, config ${configPath}, ${what}, ${
          formatUtcOffset(at)
        }`,
      );
    },
    planned(plan, findings) {
      for (const text of plan.patterns?.map(patternLine) ?? []) {
        log.info(text);
        result(text);
      }
      for (const line of plan.partitions.flatMap(planLines)) toLog(line);
      const summary = planSummary(plan);
      const total = summary.at(-1);
      if (total !== undefined) toLog(total);
      for (const { text } of summary) result(text);
      tellFindings(findings);
    },
    newTopics(topics, created) {
      const what = created ? "created on the target" : "to be created on the target";
      for (const [index, topic] of topics.entries()) {
        const text = `topic: ${escapeName(topic.topic)} ${what}, ${newTopicText(topic)}`;
        log.info(text);
        if (index < MOST_LINES_SHOWN) result(text);
      }
      const more = topics.length - MOST_LINES_SHOWN;
      if (more > 0) result(`${countOf(more, "more topic")} ${what}`);
    },
    summary(lines) {
      for (const line of lines) log.info(line);
      const [first] = lines;
      if (first !== undefined) result(first);
    },
    found: tellFindings,
    progress(progress, plan, elapsedMs) {
      const { offsetsDone, recordsAcknowledged: records, bytesAcknowledged: bytes } = progress;
      samples = addSample(samples, {
        atMs: now(),
        offsets: offsetsDone,
        records,
        bytes: bytes ?? 0,
      });
      const figures = (): LiveState => {
        const totals = planTotals(plan);
        const speed = speedOf(samples);
        return {
          ...progress,
          offsetsPlanned: totals.offsets,
          records,
          ...(bytes !== undefined && { bytes }),
          ...(speed && { speed }),
          elapsedMs,
          partitions: totals.partitionsToCopy,
        };
      };
      tellProgress(() => progressLine(figures()), figures);
    },
    copied: () => screen.live?.(undefined),
    counted: (progress, elapsedMs) =>
      tellProgress(() => compareLine({ ...progress, elapsedMs }, "counted")),
    compared: (progress, elapsedMs) => tellProgress(() => compareLine({ ...progress, elapsedMs })),
    verified({ partitions, topics }) {
      for (const partition of partitions) {
        const line = partitionResultLine(partition);
        if (line.level === "error") tell(line);
        else toLog(line);
      }
      for (const topic of topics) {
        if (topic.skipped === topic.partitions) continue;
        const line = topicResultLine(topic);
        toLog(line);
        result(line.text);
      }
    },
    willCarry(plan) {
      for (const text of plan.partitions.flatMap(groupPositionLines)) log.info(text);
      tellSummary(groupLags(plan).map(groupLagLine));
    },
    carried(offsets, expiry) {
      for (const offset of offsets) toLog(groupOffsetLine(offset));
      const left = leftLines(offsets);
      for (const { text } of left.slice(0, MOST_LINES_SHOWN)) screen.notice(text, "error");
      const more = left.length - MOST_LINES_SHOWN;
      if (more > 0) {
        const lines = countOf(more, "more line of positions", "more lines of positions");
        screen.notice(`… and ${lines} not carried over; the log has all of them`, "error");
      }
      tellSummary(carriedLines(offsets));
      if (expiry === undefined) return;
      const text = expirySentence(expiry);
      log.info(text);
      result(text);
    },
    finished({ verdict, durationMs }) {
      const good = verdict.exitStatus === 0;
      const text = `${verdict.sentence} (exit status ${verdict.exitStatus}, ${
        (durationMs / 1000).toFixed(1)
      } s)`;
      log[good ? "info" : "error"](good ? text : `${text}${lastStep(verdict.outcome)}`);
      screen.result(verdict.sentence);
    },
  };
}

/** What to do after a run that did not succeed; nothing for an interrupted run, whose verdict says it. */
function lastStep(outcome: Outcome): string {
  if (outcome === "interrupted") return "";
  return outcome === "incomplete"
    ? ". What to do stands above; the same command continues"
    : ". What to do stands above; then run the same command again";
}
