// Exit status 0 if HEALTH_URL answers 200. For images without curl; 127.0.0.1, since `localhost` may be ::1.
const url = process.env.HEALTH_URL ?? 'http://127.0.0.1:2379/health';
fetch(url, { signal: AbortSignal.timeout(2500) }).then(
  (answer) => process.exit(answer.ok ? 0 : 1),
  (error) => {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    process.exit(1);
  },
);
