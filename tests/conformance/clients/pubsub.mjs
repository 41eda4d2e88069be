// salesforce-pubsub-api-client: subscriptions push what they get into a list that a test waits on.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const here = createRequire(`${process.cwd()}/clients.js`);
const { default: PubSubApiClient } = await import(pathToFileURL(here.resolve('salesforce-pubsub-api-client').replace(/\.cjs$/, '.js')));
const serve = here('./serve.js');

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const clients = new Map();
const seen = new Map();
const waiting = new Set();

const note = (label) => (subscription, type, data) => {
    const metadata = type === 'error' && data && data.metadata ? data.metadata.getMap() : undefined;
    const detail = type === 'error' ? { code: data.code, message: data.message, metadata } : data;
    seen.get(label).push({ type, data: detail, latest: subscription.lastReplayId, received: subscription.receivedEventCount });
    waiting.forEach((look) => look());
};

const until = (label, type, count, timeoutMs) => new Promise((resolve, reject) => {
    const found = () => seen.get(label).filter((one) => one.type === type);
    let timer = null;
    const look = () => {
        if (found().length < count) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found());
    };
    timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`waited ${timeoutMs} ms for ${count} ${type}; saw ${seen.get(label).map((one) => one.type)}`));
    }, timeoutMs);
    waiting.add(look);
    look();
});

serve({
    connect: async (label, { privateKeyFile, ...config }) => {
        const key = privateKeyFile ? { privateKey: readFileSync(privateKeyFile) } : {};
        const client = new PubSubApiClient({ ...config, ...key }, quiet);
        await client.connect();
        clients.set(label, client);
        seen.set(label, []);
    },
    subscribe: (label, topic, count) => clients.get(label).subscribe(topic, note(label), count),
    earliest: (label, topic, count) => clients.get(label).subscribeFromEarliestEvent(topic, note(label), count),
    after: (label, topic, count, replayId) => clients.get(label).subscribeFromReplayId(topic, note(label), count, replayId),
    more: (label, topic, count) => clients.get(label).requestAdditionalEvents(topic, count),
    until,
    state: (label) => clients.get(label).getConnectivityState(),
});
