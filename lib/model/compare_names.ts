// The one order in which topics and groups are listed, the order in which people count: `orders-2` before `orders-10`.
// It depends on no locale, so that every machine lists the same.

const ZERO = 48;
const NINE = 57;

/**
 * Compares two names: runs of digits by the number they write, everything else by code units. Names that write the same
 * numbers (`a1`, `a01`) are ordered by code units, so that only identical names compare as equal.
 */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      const [firstOfA, firstOfB] = [significant(a, i), significant(b, j)];
      const [endOfA, endOfB] = [endOfDigits(a, firstOfA), endOfDigits(b, firstOfB)];
      const longer = (endOfA - firstOfA) - (endOfB - firstOfB);
      if (longer !== 0) return longer;
      // Both numbers have the same number of digits: the first digit that differs decides.
      for (let at = 0; firstOfA + at < endOfA; at += 1) {
        const digit = a.charCodeAt(firstOfA + at) - b.charCodeAt(firstOfB + at);
        if (digit !== 0) return digit;
      }
      [i, j] = [endOfA, endOfB];
    } else {
      const unit = a.charCodeAt(i) - b.charCodeAt(j);
      if (unit !== 0) return unit;
      i += 1;
      j += 1;
    }
  }
  const rest = (a.length - i) - (b.length - j);
  return rest !== 0 ? rest : a < b ? -1 : 1;
}

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= ZERO && unit <= NINE;
}

/** The index of a number's first digit after its leading zeros. */
function significant(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === ZERO) at += 1;
  return at;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text, at)) at += 1;
  return at;
}
