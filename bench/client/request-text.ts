/** A whole HTTP request as text. @param body JSON, ASCII only: it is sent byte for byte */
export function requestText(method: string, path: string, body?: object): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: bench\r\n`;
  if (body === undefined) return method === "POST" ? `${head}Content-Length: 0\r\n\r\n` : `${head}\r\n`;
  const text = JSON.stringify(body);
  return `${head}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}
