/** A line as Go's standard logger writes it, local time: `2026/11/21 06:04:33 text`. */
export function goLogLine(at: Date, text: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${date} ${time} ${text}\n`;
}
