// @brokenrubik/netsuite-sdk: OAuth 2.0 machine to machine, from behind the proxy.
'use strict';

const { readFileSync } = require('node:fs');
const { NetSuiteClient } = require('@brokenrubik/netsuite-sdk');
const serve = require('./serve.js');

let client = null;
const jobs = new Map();
const told = (job) => {
    jobs.set(job.id, job);
    return { id: job.id, location: job.location };
};

serve({
    open: ({ privateKeyFile, ...config }) => { client = new NetSuiteClient({ ...config, privateKey: readFileSync(privateKeyFile, 'utf-8') }); },
    call: (method, ...args) => client[method](...args),
    submit: async (method, ...args) => told(await client[method](...args)),
    job: (id, method, ...args) => jobs.get(id)[method](...args),
});
