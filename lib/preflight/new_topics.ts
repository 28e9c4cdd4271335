// Missing topics of the target: first only tried there, so that a check says what would be created and what would be
// refused, then, in a migration, created and waited for.

import { type Finding, finding } from "../model/finding.ts";
import { formatKafkaError, isAuthorizationError, KAFKA_ERRORS } from "../model/kafka_error.ts";
import {
  type NewTopic,
  newTopicFindings,
  topicRefused,
  untoldSettings,
  withoutSettings,
} from "../plan/new_topics.ts";
import { notAuthorized, type Permitted } from "../findings/permission_findings.ts";
import { topicSettings } from "../model/topic_settings.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { createTopics, waitUntilUsable } from "../kafka/create_topics.ts";
import type { CreatedTopic } from "../protocol/create_topics.ts";

/** Topics that can be created, and what is to be said of them and of the others. */
export interface TriedTopics {
  readonly topics: readonly NewTopic[];
  readonly findings: readonly Finding[];
}

/** Has the target check the topics without creating any. @throws {ConnectionError | ProtocolError} */
export async function tryNewTopics(
  target: Cluster,
  wanted: readonly NewTopic[],
  permitted: Permitted,
  signal: AbortSignal,
): Promise<TriedTopics> {
  if (wanted.length === 0) return { topics: [], findings: [] };
  const ask = (topics: readonly NewTopic[]) =>
    createTopics(target, topics, { validateOnly: true, signal });
  const first = await ask(wanted);
  const refused = wanted.filter(({ topic, configs }) =>
    configs.size > 0 && mayBeSettings(first.get(topic))
  );
  const fitted = await findRefusedSettings(refused, first, ask);
  const topics = wanted.map((each) => fitted.get(each.topic) ?? each);
  const answers = refused.length === 0 ? first : new Map([
    ...first,
    ...await ask(refused.map(
      ({ topic }) => fitted.get(topic) as NewTopic,
    )),
  ]);
  const problems = problemsOf(topics, answers, permitted);
  const possible = topics.filter(({ topic }) => isThere(answers.get(topic))).map((each) => {
    const { settings } = answers.get(each.topic) ?? {};
    return settings === undefined ? each : { ...each, settings: topicSettings(settings) };
  });
  const findings = [...problems, ...newTopicFindings(possible), ...untoldSettings(possible)];
  return { topics: possible, findings };
}

/**
 * Creates the topics and waits until they can be used. One that is there already (an earlier run was killed after it
 * had created it) is as good as created.
 *
 * @returns those that were created now, and what went wrong
 * @throws {ConnectionError | ProtocolError}
 */
export async function createNewTopics(
  target: Cluster,
  topics: readonly NewTopic[],
  permitted: Permitted,
  signal: AbortSignal,
): Promise<TriedTopics> {
  if (topics.length === 0) return { topics, findings: [] };
  const answers = await createTopics(target, topics, { validateOnly: false, signal });
  const created = topics.filter(({ topic }) => answers.get(topic)?.errorCode === 0);
  const problems = problemsOf(topics, answers, permitted);
  if (problems.length > 0) return { topics: created, findings: problems };
  const problem = await waitUntilUsable(target, topics, signal);
  if (problem === undefined) return { topics: created, findings: [] };
  const offline = finding(
    "PARTITION_OFFLINE",
    { cluster: "target" },
    `Topics were created on the target and can't be used yet: ${problem}`,
    "Look into the target's brokers, then run the same command again",
  );
  return { topics: created, findings: [offline] };
}

/** Settings may be the cause: of the topic (INVALID_CONFIG), or of a policy (POLICY_VIOLATION, INVALID_REQUEST). */
function mayBeSettings(answer: CreatedTopic | undefined): boolean {
  return answer !== undefined && SETTINGS_ERRORS.includes(answer.errorCode);
}

const SETTINGS_ERRORS: readonly number[] = [
  KAFKA_ERRORS.INVALID_CONFIG,
  KAFKA_ERRORS.POLICY_VIOLATION,
  KAFKA_ERRORS.INVALID_REQUEST,
];

/**
 * Finds out which settings the target refuses, by asking for each alone, the n-th of all topics at once; what brokers
 * say about it is for people. Where those that pass alone are refused together, all are left out.
 */
async function findRefusedSettings(
  topics: readonly NewTopic[],
  first: ReadonlyMap<string, CreatedTopic>,
  ask: (topics: readonly NewTopic[]) => Promise<ReadonlyMap<string, CreatedTopic>>,
): Promise<ReadonlyMap<string, NewTopic>> {
  const fitted = new Map<string, NewTopic>();
  if (topics.length === 0) return fitted;
  const bare = await ask(topics.map((each) => ({ ...each, configs: new Map() })));
  // What is refused without any setting is refused for another reason.
  const open = topics.filter(({ topic }) => isThere(bare.get(topic)));
  for (const each of topics) fitted.set(each.topic, each);
  const most = Math.max(0, ...open.map(({ configs }) => configs.size));
  for (let index = 0; index < most; index++) {
    const alone = open.flatMap((each) => {
      const entry = [...each.configs][index];
      return entry === undefined ? [] : [{ ...each, configs: new Map([entry]) }];
    });
    const answers = await ask(alone);
    for (const { topic, configs } of alone) {
      const answer = answers.get(topic);
      const known = fitted.get(topic);
      if (isThere(answer) || known === undefined) continue;
      fitted.set(topic, withoutSettings(known, [...configs.keys()], refusal(answer)));
    }
  }
  const together = await ask(open.map(({ topic }) => fitted.get(topic) as NewTopic));
  for (const { topic } of open) {
    const known = fitted.get(topic);
    if (known === undefined || isThere(together.get(topic))) continue;
    const why = refusal(together.get(topic) ?? first.get(topic));
    fitted.set(topic, withoutSettings(known, [...known.configs.keys()], why));
  }
  return fitted;
}

function isThere(answer: CreatedTopic | undefined): boolean {
  return answer?.errorCode === 0 || answer?.errorCode === KAFKA_ERRORS.TOPIC_ALREADY_EXISTS;
}

function problemsOf(
  topics: readonly NewTopic[],
  answers: ReadonlyMap<string, CreatedTopic>,
  permitted: Permitted,
): readonly Finding[] {
  const failed = topics.filter(({ topic }) => !isThere(answers.get(topic)));
  const isForbidden = ({ topic }: NewTopic): boolean =>
    isAuthorizationError(answers.get(topic)?.errorCode ?? 0);
  const forbidden = failed.filter(isForbidden).map(({ topic }) => topic);
  return [
    ...(forbidden.length === 0 ? [] : [notAuthorized("Create", "topic", forbidden, permitted)]),
    ...failed.filter((each) => !isForbidden(each)).map(({ topic }) =>
      topicRefused(topic, describe(answers.get(topic)))
    ),
  ];
}

const refusal = (answer: CreatedTopic | undefined) => `the target refuses it: ${describe(answer)}`;

function describe(answer: CreatedTopic | undefined): string {
  if (answer === undefined) return "it gave no answer";
  const { errorCode, errorMessage } = answer;
  return `${formatKafkaError(errorCode)}${errorMessage ? `, ${errorMessage}` : ""}`;
}
