-- Open orders on a day: on their way to NetSuite or accepted there, not billed, closed or cancelled. Oldest first.
-- psql -v as_of="'2026-11-30'" -f open_orders.sql
select o.number, o.sf_number, c.name as customer, o.store, o.status, o.date, o.requested_date, o.currency, o.total,
       coalesce(l.ordered, 0) as ordered, coalesce(f.shipped, 0) as shipped, coalesce(f.back_ordered, 0) as back_ordered,
       case when o.requested_date < cast(:as_of as date) then 'late' else '' end as late
from golden_order o
left join golden_customer c on c.key = o.customer_key
left join (select parent, sum(quantity) as ordered from golden_order_lines group by parent) l on l.parent = o.key
left join (select parent, sum(shipped) as shipped, sum(back_ordered) as back_ordered from golden_order_line_facts group by parent) f
       on f.parent = o.key
where o.stage in ('submitted', 'accepted')
  and coalesce(o.status, '') not in ('billed', 'closed', 'cancelled')
  and o.date <= cast(:as_of as date)
order by o.date, o.sf_number;
