// Whether memory is flat: a straight line through the samples by least squares.

/** Slope and spread of a line through [at, value] points; the error is that of the slope (one standard error). */
export function fittedLine(points) {
  const count = points.length;
  if (count < 3) return null;
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / count;
  const [meanAt, meanValue] = [mean(([at]) => at), mean(([, value]) => value)];
  let squares = 0;
  let products = 0;
  for (const [at, value] of points) {
    squares += (at - meanAt) ** 2;
    products += (at - meanAt) * (value - meanValue);
  }
  if (squares === 0) return null;
  const slope = products / squares;
  const residuals = points.reduce(
    (sum, [at, value]) => sum + (value - meanValue - slope * (at - meanAt)) ** 2,
    0,
  );
  const deviation = Math.sqrt(residuals / (count - 2));
  return { slope, meanAt, meanValue, error: deviation / Math.sqrt(squares), deviation, count };
}

const lastPart = 0.8;
const driftOfLineMax = 0.02;

/**
 * Memory of the last 80% of a phase is flat when what the fitted line gains over them is below 2% of the memory line,
 * or below twice the standard deviation of the samples around it: less than that cannot be told from noise.
 */
export function flatness(points, { fromSeconds, toSeconds, lineBytes }) {
  const start = toSeconds - (toSeconds - fromSeconds) * lastPart;
  const used = points.filter(([at]) => at >= start && at <= toSeconds);
  const fit = fittedLine(used);
  if (fit === null) return null;
  const driftBytes = fit.slope * (toSeconds - start);
  const allowedBytes = Math.max(lineBytes * driftOfLineMax, 2 * fit.deviation);
  return {
    bytesPerSecond: fit.slope,
    errorBytesPerSecond: fit.error,
    deviationBytes: fit.deviation,
    driftBytes,
    allowedBytes,
    isFlat: driftBytes <= allowedBytes,
    meanBytes: fit.meanValue,
    meanSeconds: fit.meanAt,
    samples: fit.count,
    fromSeconds: start,
    toSeconds,
  };
}
