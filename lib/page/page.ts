// The report as a page, `migration.report.html`: one self-contained file that can be passed on. It is rendered from the
// report alone, and begins with the verdict.

import { nextStep } from "../report/next_step.ts";
import type { Report, ReportCluster } from "../report/report.ts";
import { countOf, formatCount, formatDuration } from "../model/units.ts";
import { policyAndStyles, scripts } from "./assets.ts";
import { anything, facts, inWords, timeText } from "./facts.ts";
import { groupsSection, positionsSection } from "./group_sections.ts";
import { type Html, type HtmlValue, markup } from "./html.ts";
import { backlogSection, planSection, type Section, section } from "./plan_sections.ts";
import {
  changesSection,
  configurationSection,
  findingsSection,
  gapsSection,
  resultsSection,
  throughputSection,
} from "./run_sections.ts";
import { estimateSection, sinceLastCheckSection } from "./source_sections.ts";

/** Fields of the report that a section shows; the page shows all others at its end. */
const SHOWN = new Set([
  ...["schemaVersion", "verdict", "runId", "mode", "configPath", "version", "startedAt"],
  ...["finishedAt", "durationMs", "source", "target", "interrupted", "findings", "plan"],
  ...["planTotals", "results", "configuration", "backlog", "groups", "throughput", "changes"],
  ...["estimate", "sinceLastCheck", "groupOffsets"],
]);

const TITLES = {
  check: "Check before a Kafka migration",
  migrate: "Kafka migration",
  verify: "Verification of a Kafka migration",
} as const;

/** Renders the whole page. */
export function renderPage(report: Report): string {
  const title = TITLES[report.mode];
  const shown = sections(report).filter(([, , content]) => content !== undefined);
  const links = shown.map(([id, name]) => markup`<li><a href="#${id}-title">${name}</a></li>`);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${policyAndStyles}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}: ${report.verdict.outcome}</title>
</head>
<body>
<header>
<h1>${title}</h1>
${verdictBox(report)}
${runFacts(report)}
</header>
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${shown.map(section)}</main>
<footer><p>Written by data-migrate ${report.version}. The same in full stands in the JSON report, schema version ${report.schemaVersion}.</p></footer>
${scripts}</body>
</html>
`;
  return page.html;
}

function sections(report: Report): readonly Section[] {
  const others = Object.entries(report).filter(([key]) => !SHOWN.has(key));
  // In a check these sections come near the top; once there are results, they move below them.
  const looks: readonly Section[] = [
    ["estimated", "Estimated bytes and time", estimateSection(report)],
    ["since", "Since the last check", sinceLastCheckSection(report)],
  ];
  return [
    ["found", "Findings", findingsSection(report)],
    ["gap", "Gaps", gapsSection(report)],
    ["topic", "Backlog by topic", backlogSection(report)],
    ...(report.mode === "check" ? looks : []),
    ["speed", "Throughput", throughputSection(report)],
    ["result", "Results", resultsSection(report)],
    ["group", "Consumer groups", groupsSection(report)],
    ["position", "Positions of consumer groups", positionsSection(report)],
    ["planned", "Plan", planSection(report)],
    ...(report.mode === "check" ? [] : looks),
    ["change", "What was changed on the target", changesSection(report)],
    ...others.map(([key, value], index): Section => {
      const id = `other-${index}`;
      return [id, inWords(key), anything(`${id}-value`, inWords(key), value)];
    }),
    ["config", "Configuration", configurationSection(report)],
  ];
}

function verdictBox(report: Report): Html {
  const { exitStatus, sentence } = report.verdict;
  const warnings = report.findings.filter(({ severity }) => severity === "warning").length;
  const warned = warnings > 0 && ` ${countOf(warnings, "warning")}, see below.`;
  return markup`<div class="verdict ${exitStatus === 0 ? "good" : "bad"}">
<p class="sentence"><strong>${sentence}.</strong></p>
<p>Exit status ${exitStatus}.${warned} ${nextStep(report)}</p>
</div>`;
}

function runFacts(report: Report): Html {
  const { planTotals, results } = report;
  const totals = results?.totals;
  return facts([
    ["Messages planned", planTotals && formatCount(planTotals.offsets)],
    ["Messages on the target", totals && formatCount(totals.recordsProduced)],
    [
      "Partitions verified",
      totals &&
      `${formatCount(totals.verified)} of ${formatCount(totals.partitions - totals.skipped)}`,
    ],
    ["Partitions failed", totals && totals.failed > 0 && formatCount(totals.failed)],
    ["Partitions with losses", totals && totals.lost > 0 && formatCount(totals.lost)],
    ["Source", clusterText(report.source)],
    ["Target", clusterText(report.target)],
    ["Began (UTC)", timeText(report.startedAt)],
    ["Took", formatDuration(report.durationMs)],
    ["Run", report.runId],
    ["Configuration", report.configPath],
  ]);
}

function clusterText({ clusterId, bootstrapServers }: ReportCluster): HtmlValue {
  return `${clusterId ?? "not reached"} (${bootstrapServers.join(", ")})`;
}
