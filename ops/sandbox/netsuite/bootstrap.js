// The N/* modules that a script sees. Everything crosses to the host as one JSON string: __host(operation, json).
(function boot(G) {
    'use strict';

    const host = G.__host;
    delete G.__host;

    class SuiteScriptError extends Error {
        constructor(name, message, notifyOff) {
            super(message);
            this.name = name;
            this.id = '';
            this.notifyOff = !!notifyOff;
        }

        toJSON() {
            return { type: 'error.SuiteScriptError', name: this.name, message: this.message, id: this.id, stack: [] };
        }
    }

    const call = (operation, argument) => {
        const reply = JSON.parse(host(operation, JSON.stringify(argument === undefined ? null : argument)));
        if (reply.error) throw new SuiteScriptError(reply.error[0], reply.error[1]);
        return reply.value;
    };
    const options = (given, key) => (given !== null && typeof given === 'object' ? given : { [key]: given });

    // ---- the language of a server script: the sandbox's clock, no browser or Node globals, nothing newer than ES2019
    const RealDate = Date;
    G.Date = class Date extends RealDate {
        constructor(...parts) {
            if (parts.length) super(...parts);
            else super(call('now'));
        }

        static now() { return call('now'); }
    };
    const LATER = [
        [String.prototype, ['replaceAll', 'at', 'matchAll', 'isWellFormed', 'toWellFormed']],
        [Array.prototype, ['at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']],
        [Object, ['hasOwn', 'groupBy']],
        [Promise, ['allSettled', 'any', 'withResolvers', 'try']],
        [G, ['WeakRef', 'FinalizationRegistry', 'AggregateError', 'BigInt', 'queueMicrotask', 'structuredClone', 'performance',
            'navigator', 'console', 'print', 'scriptArgs', 'setTimeout', 'SharedArrayBuffer', 'Atomics']],
    ];
    LATER.forEach(([owner, names]) => names.forEach((name) => Reflect.deleteProperty(owner, name)));

    // ---- N/search
    class Column {
        constructor(o) {
            ['name', 'join', 'formula', 'label', 'summary', 'sort'].forEach((key) => { this[key] = o[key] || null; });
        }
    }
    const toColumn = (c) => {
        if (c instanceof Column) return c;
        if (typeof c !== 'string') return new Column(c);
        const [name, join] = c.split('.').reverse();
        return new Column({ name, join });
    };
    const keyOf = (c) => [c.summary, c.join, c.name, c.formula].map((x) => x || '').join('|');

    class Result {
        constructor(row, set) {
            [this.recordType, this.id] = row;
            Object.defineProperties(this, { values: { value: row[2] }, texts: { value: row[3] }, set: { value: set } });
        }

        place(column) { return this.set.index.has(keyOf(toColumn(column))) ? this.set.index.get(keyOf(toColumn(column))) : -1; }

        getValue(column) { const i = this.place(column); return i < 0 ? null : this.values[i]; }

        getText(column) { const i = this.place(column); return i < 0 ? null : this.texts[i]; }

        toJSON() {
            const values = {};
            this.set.columns.forEach((c, i) => {
                const text = this.texts[i];
                const filled = this.values[i] === '' ? [] : [{ value: this.values[i], text }];
                values[c.join ? `${c.join}.${c.name}` : c.name] = text === null ? this.values[i] : filled;
            });
            return { recordType: this.recordType, id: this.id, values };
        }
    }

    class ResultSet {
        constructor(search) {
            this.columns = search.columns;
            Object.defineProperties(this, {
                search: { value: search },
                index: { value: new Map(search.columns.map((c, i) => [keyOf(c), i]).reverse()) },
            });
        }

        fetch(operation, argument) { return call(operation, { search: this.search, ...argument }).map((row) => new Result(row, this)); }

        getRange(first, second) {
            const o = typeof first === 'object' ? first : { start: first, end: second };
            return this.fetch('search.getRange', { start: o.start, end: o.end });
        }

        each(callback) {
            for (let start = 0; start < 4000; start += 1000) {
                const part = this.fetch('search.getRange', { start, end: start + 1000, free: start > 0 });
                if (!part.every((r) => callback(r) === true) || part.length < 1000) return;
            }
        }
    }

    class Search {
        constructor(o) {
            this.searchType = o.type;
            this.searchId = o.id || null;
            this.title = o.title || null;
            this.filterExpression = o.filterExpression || o.filters || [];
            this.columns = (o.columns || []).map(toColumn);
        }

        get filters() { return this.filterExpression; }

        set filters(value) { this.filterExpression = value; }

        toJSON() { return { type: this.searchType, filters: this.filterExpression, columns: this.columns.map(toColumn) }; }

        run() {
            this.columns = this.columns.map(toColumn);
            return new ResultSet(this);
        }

        runPaged(o) {
            const pageSize = (o && o.pageSize) || 50;
            const set = this.run();
            const count = call('search.runPaged', { search: this, pageSize });
            const pages = Math.ceil(count / pageSize);
            const fetch = (page) => {
                const { index } = options(page, 'index');
                return { data: set.fetch('search.fetch', { start: index * pageSize, end: (index + 1) * pageSize }), isLast: index >= pages - 1 };
            };
            return { count, fetch, pageRanges: Array.from({ length: pages }, (_, index) => ({ index, compoundLabel: String(index) })) };
        }
    }
    const typeNames = new Proxy({}, { get: (_, key) => String(key).toLowerCase().replace(/_/g, '') });
    const search = {
        Sort: { ASC: 'ASC', DESC: 'DESC', NONE: 'NONE' },
        Type: typeNames,
        create: (o) => new Search(o),
        createColumn: (o) => new Column(o),
        load: (o) => new Search(call('search.load', options(o, 'id'))),
        lookupFields: (o) => call('search.lookupFields', o),
    };

    // ---- N/record
    class LoadedRecord {
        constructor(o) {
            this.type = o.type;
            this.id = o.id === undefined ? null : o.id;
            Object.defineProperties(this, { fields: { value: o.fields || {} }, sublists: { value: o.sublists || {} } });
        }

        getValue(o) {
            const value = this.fields[options(o, 'fieldId').fieldId];
            return value === undefined ? '' : value;
        }

        setValue(o, value) {
            const { fieldId } = options(o, 'fieldId');
            this.fields[fieldId] = typeof o === 'object' ? o.value : value;
            return this;
        }

        getFields() { return Object.keys(this.fields); }

        getLineCount(o) {
            const lines = this.sublists[options(o, 'sublistId').sublistId];
            return lines ? lines.length : -1;
        }

        getSublistValue(o) {
            const value = ((this.sublists[o.sublistId] || [])[o.line] || {})[o.fieldId];
            return value === undefined ? '' : value;
        }

        save() {
            this.id = call('record.save', { type: this.type, id: this.id, fields: this.fields });
            return this.id;
        }
    }
    const record = {
        Type: typeNames,
        load: (o) => new LoadedRecord(call('record.load', o)),
        create: (o) => new LoadedRecord({ type: o.type }),
        delete: (o) => call('record.delete', o),
        submitFields: (o) => call('record.submitFields', o),
    };

    // ---- N/runtime, N/log, N/error
    const info = call('runtime.info');
    const runtime = {
        accountId: info.accountId,
        envType: 'SANDBOX',
        version: info.version,
        executionContext: 'RESTLET',
        getCurrentUser: () => ({ ...info.user, getPreference: (o) => info.preferences[options(o, 'name').name] || '' }),
        getCurrentScript: () => ({
            id: info.script,
            deploymentId: info.deploy,
            getRemainingUsage: () => call('usage'),
            getParameter: (o) => info.parameters[options(o, 'name').name],
        }),
    };
    const log = {};
    ['debug', 'audit', 'error', 'emergency'].forEach((level) => {
        log[level] = (a, details) => call('log', { level, ...(a !== null && typeof a === 'object' && 'title' in a ? a : { title: a, details }) });
    });
    const error = { create: (o) => new SuiteScriptError(o.name, o.message, o.notifyOff) };

    // ---- define and the call of one entry point
    const modules = { 'N/search': search, 'N/record': record, 'N/runtime': runtime, 'N/log': log, 'N/error': error };
    let entry = null;
    G.log = log;
    G.define = (dependencies, factory) => {
        const names = typeof dependencies === 'function' ? [] : dependencies;
        const make = typeof dependencies === 'function' ? dependencies : factory;
        entry = make(...names.map((name) => {
            if (!modules[name]) throw new SuiteScriptError('MODULE_DOES_NOT_EXIST', `Module does not exist: ${name}.js`);
            return modules[name];
        }));
    };
    G.require = G.define;

    const told = (e) => ({
        name: (e && e.name !== 'InternalError' && e.name) || 'UNEXPECTED_ERROR',
        message: String((e && e.message) || e),
        stack: String((e && e.stack) || ''),
        script: !(e instanceof SuiteScriptError),
    });
    G.__invoke = (method, argument) => {
        try {
            if (!entry || typeof entry[method] !== 'function') {
                throw new SuiteScriptError('SSS_INVALID_SCRIPTLET_METHOD', `The RESTlet has no ${method} function.`);
            }
            const value = entry[method](JSON.parse(argument));
            return JSON.stringify({ value: value === undefined ? null : value });
        } catch (e) {
            return JSON.stringify({ error: told(e) });
        }
    };
}(globalThis));
