// Requirements of spec/grip.md and spec/websocket-over-http.md that a stranger cannot see, each with the reason.

export const gripUnseen: Readonly<Record<string, string>> = {};
