// jsforce, asked by name: connections are kept by a label so that a test can sign in in several ways.
'use strict';

const jsforce = require('jsforce');
const serve = require('./serve.js');

const connections = new Map();
const named = (label) => connections.get(label);

const state = (conn) => ({
    accessToken: conn.accessToken, instanceUrl: conn.instanceUrl, userInfo: conn.userInfo, limitInfo: conn.limitInfo,
});

serve({
    open: (label, options) => { connections.set(label, new jsforce.Connection(options)); },
    call: async (label, method, ...args) => ({ result: await named(label)[method](...args), ...state(named(label)) }),
    sobject: (label, name, method, ...args) => named(label).sobject(name)[method](...args),
    load: (label, options) => named(label).bulk2.loadAndWaitForResults({ pollInterval: 20, pollTimeout: 20000, ...options }),
    extract: async (label, soql) => (await named(label).bulk2.query(soql, { pollInterval: 20, pollTimeout: 20000 })).toArray(),
    state: (label) => state(named(label)),
});
