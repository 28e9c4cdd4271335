// What anything that was thrown says, as text for a sentence to the user.

/** Its message; what is no Error says what it is. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of the innermost cause: around a failed `fetch`, it alone tells anything. */
export function innermostMessage(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) {
    innermost = innermost.cause;
  }
  return errorMessage(innermost);
}
