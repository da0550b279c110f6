/**
 * What runs in a build: it calls the orders API at ORDERS_URL with the token in POSTERN_TOKEN, says what came of it in one
 * line, and fails when it was refused. PIPELINE is what it calls itself.
 */
const { ORDERS_URL = '', POSTERN_TOKEN = '', PIPELINE = 'pipeline' } = process.env;

const response = await fetch(`${ORDERS_URL}/orders`, {
  headers: { authorization: `Bearer ${POSTERN_TOKEN}`, 'user-agent': PIPELINE },
});
const answer = (await response.json()) as { title?: string; orders?: unknown[]; calledBy?: string };

if (response.ok) {
  console.log(`${response.status}  ${answer.orders?.length} orders, as ${answer.calledBy}`);
} else {
  console.log(`${response.status}  ${answer.title}`);
  process.exitCode = 1;
}
