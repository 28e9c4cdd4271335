// Logs trouble that may pass: a line when it begins and further ones at growing intervals, and one when it is over. A
// broker that is down affects thousands of partitions; it is still one line.

/** The log of passing trouble. */
export interface TroubleLog {
  /** Notes a failed try: `subject` names who is in trouble (`broker 2 (10.0.0.2:9092)`), `state` says what is wrong. */
  note(subject: string, state: string): void;
  /** The subject works again. */
  clear(subject: string): void;
  /** How many tries were noted, of all subjects. */
  readonly retries: number;
  /** Who is in trouble at the moment: subject and state. */
  current(): readonly string[];
}

interface Episode {
  readonly since: number;
  state: string;
  tries: number;
  lastNoted: number;
}

/** Notes closer together than this belong to the same try. */
const SAME_TRY_MS = 50;
/** No try takes as long as this: a subject noted longer ago was given up, or is not needed any more. */
const CURRENT_MS = 30_000;

/** Makes an empty log; `now` is a steady clock in milliseconds. */
export function createTroubleLog(
  log: { warning(text: string): void; info(text: string): void },
  now: () => number,
): TroubleLog {
  const episodes = new Map<string, Episode>();
  let retries = 0;
  return {
    get retries() {
      return retries;
    },
    current() {
      const recent = [...episodes].filter(([, { lastNoted }]) => now() - lastNoted < CURRENT_MS);
      return recent.map(([subject, { state }]) => `${subject} ${state}`);
    },
    note(subject, state) {
      const at = now();
      const episode = episodes.get(subject) ??
        { since: at, state, tries: 0, lastNoted: -Infinity };
      episodes.set(subject, episode);
      episode.state = state;
      if (at - episode.lastNoted < SAME_TRY_MS) return;
      episode.lastNoted = at;
      episode.tries++;
      retries++;
      if (!isPowerOfTwo(episode.tries) && episode.tries % 10 !== 0) return;
      const seconds = Math.round((at - episode.since) / 1000);
      log.warning(`${subject} ${state}, retrying (${ordinal(episode.tries)} try, ${seconds} s)`);
    },
    clear(subject) {
      const episode = episodes.get(subject);
      if (episode === undefined) return;
      episodes.delete(subject);
      log.info(`${subject} reachable again after ${Math.round((now() - episode.since) / 1000)} s`);
    },
  };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

/** `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`. */
export function ordinal(count: number): string {
  const teen = count % 100 >= 11 && count % 100 <= 13;
  const suffix = teen ? "th" : ["th", "st", "nd", "rd"][count % 10] ?? "th";
  return `${count}${suffix}`;
}
