/**
 * Accord's one RESTlet: reads changed records, page by page, by keyset (last modified, internal id).
 *
 * POST {type | search, columns, filters, stampField, since, sinceId, until, ids, idsOnly, pageSize, lines, sublists, deleted}
 *   -> {version, account, serverTime, rows, more, next: {since, sinceId}, searchHash, units}
 * GET -> {version, account, serverTime, preferences}
 * The whole contract is in ops/netsuite/README.md. Runs as it is under NetSuite, under Oracle's Jest stubs and in Accord's sandbox.
 *
 * @NApiVersion 2.1
 * @NScriptType Restlet
 * @NModuleScope SameAccount
 */
define(['N/search', 'N/record', 'N/runtime', 'N/log', 'N/error'], (search, record, runtime, log, error) => {
    const VERSION = '1.0.0';
    const MAX_PAGE = 1000; // ResultSet.getRange refuses more
    const RANGE_UNITS = 10; // ResultSet.getRange
    const LOAD_UNITS = 10; // record.load of a transaction, the dearest kind
    const SPARE_UNITS = 200; // far from SSS_USAGE_LIMIT_EXCEEDED
    const STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
    const FIELD = /^[a-z][a-z0-9_]*$/;
    const stampSql = (field) => `TO_CHAR({${field}},'YYYY-MM-DD HH24:MI:SS')`;

    const fail = (name, message) => error.create({ name, message, notifyOff: true });
    const remaining = () => runtime.getCurrentScript().getRemainingUsage();
    const preference = (name) => runtime.getCurrentUser().getPreference({ name });

    const integer = (value, name, min, max) => {
        const n = Number(value);
        if (!Number.isInteger(n) || n < min || n > max) throw fail('ACCORD_BAD_REQUEST', `${name} must be an integer from ${min} to ${max}`);
        return n;
    };

    /** The request with defaults, or an error that names the wrong part. Stamps go into a formula: nothing else may pass. */
    const checked = (body) => {
        const req = { columns: body.deleted ? ['recordtype', 'name', 'externalid'] : [], ...body };
        if (req.deleted) Object.assign(req, { type: 'deletedrecord', stampField: 'deleteddate', ...req.deleted });
        if (!req.type && !req.search) throw fail('SSS_MISSING_REQD_ARGUMENT', 'type or search is required');
        for (const key of ['since', 'until']) {
            if (req[key] && !STAMP.test(req[key])) throw fail('ACCORD_BAD_REQUEST', `${key} must be YYYY-MM-DD HH:MM:SS`);
        }
        req.stampField = req.stampField || 'lastmodifieddate';
        if (!FIELD.test(req.stampField)) throw fail('ACCORD_BAD_REQUEST', 'stampField must be a field name');
        req.pageSize = integer(req.pageSize === undefined ? MAX_PAGE : req.pageSize, 'pageSize', 1, MAX_PAGE);
        req.sinceId = integer(req.sinceId || 0, 'sinceId', 0, Number.MAX_SAFE_INTEGER);
        if (req.ids && !(Array.isArray(req.ids) && req.ids.length > 0 && req.ids.length <= MAX_PAGE)) {
            throw fail('ACCORD_BAD_REQUEST', `ids must be a list of 1 to ${MAX_PAGE}`);
        }
        return req;
    };

    /** Stamps are compared and given as UTC, which only a user whose time zone is GMT sees. */
    const checkZone = () => {
        const zone = preference('TIMEZONE');
        if (!/^(Etc\/)?(GMT|UTC)$/.test(zone)) throw fail('ACCORD_ZONE', `the integration user's time zone is ${zone}; set it to GMT`);
    };

    const checkUnits = (req) => {
        const needed = 3 * RANGE_UNITS + (req.sublists ? LOAD_UNITS * req.pageSize : 0) + SPARE_UNITS;
        if (remaining() < needed) throw fail('ACCORD_OUT_OF_UNITS', `${needed} units needed, ${remaining()} left: ask for a smaller page`);
    };

    const both = (a, b) => (a.length && b.length ? [a, 'and', b] : a.length ? a : b);

    /** stamp > since OR (stamp = since AND id > sinceId), to the second, behind a coarse day filter that an index can serve. */
    const windowFilters = (req) => {
        const stamp = stampSql(req.stampField);
        let out = [];
        const and = (filter) => { out = out.length ? [...out, 'and', filter] : [filter]; };
        if (req.ids) and(['internalid', 'anyof', req.ids]);
        if (req.since && !req.idsOnly) {
            const days = Math.ceil((Date.now() - Date.parse(`${req.since.replace(' ', 'T')}Z`)) / 864e5);
            if (days < 365) and([req.stampField, 'onorafter', `daysago${Math.max(days, 0) + 2}`]);
            and([`formulatext: CASE WHEN ${stamp} > '${req.since}' OR (${stamp} = '${req.since}' AND {internalid} > ${req.sinceId}) THEN 'T' END`, 'is', 'T']);
        } else if (req.sinceId) {
            and(['internalidnumber', 'greaterthan', req.sinceId]);
        }
        if (req.until && !req.idsOnly) and([`formulatext: CASE WHEN ${stamp} < '${req.until}' THEN 'T' END`, 'is', 'T']);
        if (req.types) and(['recordtype', 'anyof', req.types]);
        return out;
    };

    const toColumn = (spec) => {
        const [name, join] = String(spec).split('.').reverse();
        return search.createColumn(join ? { name, join } : { name });
    };
    const copyColumn = (c) => search.createColumn({ name: c.name, join: c.join, formula: c.formula, label: c.label });
    const keyOf = (c) => c.label || (c.join ? `${c.join}.${c.name}` : c.name);

    /** The search without the window, so that its hash tells whether the definition was edited. */
    const definition = (req) => {
        const extra = req.filters || [];
        if (!req.search) return { type: req.type, filters: extra, columns: req.columns.map(toColumn) };
        const saved = search.load({ id: req.search });
        const columns = req.columns.length ? req.columns.map(toColumn) : saved.columns.map(copyColumn);
        return { saved, type: saved.searchType, filters: both(saved.filterExpression || [], extra), columns };
    };

    const hashOf = (def) => {
        const text = JSON.stringify([def.type, def.filters, def.columns.map((c) => [c.name, c.join, c.formula, c.label])]);
        let hash = 0x811c9dc5; // FNV-1a
        for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
        return (hash >>> 0).toString(16).padStart(8, '0');
    };

    const toSearch = (def, filters, columns) => {
        if (!def.saved) return search.create({ type: def.type, filters, columns });
        def.saved.filterExpression = filters;
        def.saved.columns = columns;
        return def.saved;
    };

    const cell = (result, column) => {
        const value = result.getValue(column);
        const text = result.getText(column);
        return text === null || text === undefined || text === '' || text === value ? value : { value, text };
    };
    const cells = (result, columns) => Object.fromEntries(columns.map((c) => [keyOf(c), cell(result, c)]));

    /** Up to pageSize + 1 results: the extra one tells whether there is more, and whether the last id goes on. */
    const fetchPage = (s, pageSize) => {
        const set = s.run();
        const first = set.getRange({ start: 0, end: Math.min(pageSize + 1, MAX_PAGE) });
        if (pageSize < MAX_PAGE || first.length < MAX_PAGE) return first;
        return first.concat(set.getRange({ start: MAX_PAGE, end: MAX_PAGE + 1 }));
    };

    /** A join may give several rows for one id: a page never ends within an id, for the cursor could not go on there. */
    const wholeIds = (results, pageSize) => {
        if (results.length <= pageSize) return results;
        const open = results[pageSize].id;
        const whole = results.slice(0, pageSize);
        while (whole.length && whole[whole.length - 1].id === open) whole.pop();
        if (!whole.length) throw fail('ACCORD_GROUP_TOO_LARGE', `record ${open} alone has more than ${pageSize} rows`);
        return whole;
    };

    /** Lines of these heads: a second search, again cut at whole ids, so that no offset moves under it. */
    const linesOf = (type, ids, spec) => {
        const columns = spec.columns.map(toColumn);
        const idColumn = search.createColumn({ name: 'internalid', sort: search.Sort.ASC });
        const isTransaction = spec.columns.some((c) => c === 'line' || c === 'linesequencenumber');
        const orderBy = spec.orderBy || (isTransaction ? 'linesequencenumber' : null);
        const order = orderBy ? [search.createColumn({ name: orderBy, sort: search.Sort.ASC })] : [];
        const byId = Object.fromEntries(ids.map((id) => [id, []]));
        const sorted = [...ids].sort((a, b) => Number(a) - Number(b));
        while (sorted.length) {
            if (remaining() < 2 * RANGE_UNITS) throw fail('ACCORD_OUT_OF_UNITS', 'too many lines: ask for a smaller page');
            const filters = both(['internalid', 'anyof', sorted], spec.filters || []);
            const results = fetchPage(search.create({ type, filters, columns: [idColumn, ...order, ...columns] }), MAX_PAGE);
            wholeIds(results, MAX_PAGE).forEach((r) => byId[r.id].push(cells(r, columns)));
            if (results.length <= MAX_PAGE) break;
            const open = Number(results[MAX_PAGE].id);
            while (sorted.length && Number(sorted[0]) < open) sorted.shift();
        }
        return byId;
    };

    /** Sublists that no search shows (packages of a fulfilment): each record is loaded. */
    const sublistsOf = (row, spec) => {
        const rec = record.load({ type: row.type, id: row.id });
        return Object.fromEntries(Object.entries(spec).map(([sublistId, fields]) => {
            const count = Math.max(rec.getLineCount({ sublistId }), 0);
            const line = (n) => Object.fromEntries(fields.map((fieldId) => [fieldId, rec.getSublistValue({ sublistId, fieldId, line: n })]));
            return [sublistId, Array.from({ length: count }, (_, n) => line(n))];
        }));
    };

    const addParts = (req, def, rows) => {
        const ids = [...new Set(rows.map((r) => r.id))];
        if (req.lines && ids.length) {
            const byId = linesOf(def.type, ids, req.lines);
            rows.forEach((row) => { row.lines = byId[row.id]; });
        }
        if (req.sublists) rows.forEach((row) => { row.sublists = sublistsOf(row, req.sublists); });
    };

    const page = (req) => {
        const def = definition(req);
        const stampColumn = search.createColumn({ name: 'formulatext', formula: stampSql(req.stampField), sort: search.Sort.ASC });
        const idColumn = search.createColumn({ name: 'internalid', sort: search.Sort.ASC });
        const keys = req.idsOnly ? [idColumn] : [stampColumn, idColumn];
        const s = toSearch(def, both(def.filters, windowFilters(req)), req.idsOnly ? keys : [...keys, ...def.columns]);
        const results = fetchPage(s, req.pageSize);
        const rows = wholeIds(results, req.pageSize).map((r) => (req.idsOnly
            ? { id: r.id, type: r.recordType }
            : { id: r.id, type: r.recordType, stamp: r.getValue(stampColumn), values: cells(r, def.columns) }));
        addParts(req, def, rows);
        return { rows, more: results.length > req.pageSize, searchHash: hashOf(def) };
    };

    const post = (body) => {
        const serverTime = new Date().toISOString(); // before the read: a safe upper bound for the caller
        const req = checked(body || {});
        checkZone();
        checkUnits(req);
        const { rows, more, searchHash } = page(req);
        const last = rows[rows.length - 1];
        const next = { since: last && last.stamp ? last.stamp : req.since, sinceId: last ? Number(last.id) : req.sinceId };
        const units = remaining();
        log.debug({ title: 'accord poll', details: { type: req.type, search: req.search, rows: rows.length, units } });
        return { version: VERSION, account: runtime.accountId, serverTime, rows, more, next, searchHash, units };
    };

    const get = () => ({
        version: VERSION,
        account: runtime.accountId,
        serverTime: new Date().toISOString(),
        preferences: { timeZone: preference('TIMEZONE'), dateFormat: preference('DATEFORMAT'), timeFormat: preference('TIMEFORMAT') },
    });

    return { get, post };
});
