import { mean } from "../../sim/page/table.js";

/** What each more of x adds to y, by the line that fits best (least squares); NaN of less than two points. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const [x, y] = [mean(points.map((one) => one.x)), mean(points.map((one) => one.y))];
  const along = points.reduce((sum, one) => sum + (one.x - x) ** 2, 0);
  return points.reduce((sum, one) => sum + (one.x - x) * (one.y - y), 0) / along;
}
