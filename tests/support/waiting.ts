/**
 * Long waits, told in one line each: what is fetched or made, how far it is every few seconds, how long it took. Nothing
 * is told unless somebody listens: the tests are quiet, the demo and the task before the tests are not.
 */

/** How far a wait is, as far as anybody knows. */
export interface Progress {
  /** Bytes that have arrived so far. */
  bytes?: number;
}

let listener: ((line: string) => void) | undefined;
let tellEveryMs = 10_000;

/** Has all waits of this process told, a line each time. */
export function tellWaits(tell: (line: string) => void, everyMs = 10_000): void {
  listener = tell;
  tellEveryMs = everyMs;
}

/**
 * Does some work and tells of it: `Fetching Kafka (43 MB)`, `Fetching Kafka: 12 MB after 10 s`, `Fetching Kafka took 9 s`.
 *
 * @param what begins with a verb: `Fetching Kafka`
 * @param size how much it is, as far as that is known beforehand
 */
export async function tellWait<Result>(
  what: string,
  size: string | undefined,
  work: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  const progress: Progress = {};
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1_000)} s`;
  listener?.(size === undefined ? what : `${what} (${size})`);
  const timer = setInterval(() => {
    const { bytes } = progress;
    listener?.(`${what}: ${bytes === undefined ? "" : `${megabytes(bytes)} `}after ${seconds()}`);
  }, tellEveryMs);
  try {
    const result = await work(progress);
    const { bytes } = progress;
    const fetched = bytes === undefined ? "" : `, ${megabytes(bytes)} were fetched`;
    listener?.(`${what} took ${seconds()}${fetched}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** @returns `43 MB` */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
