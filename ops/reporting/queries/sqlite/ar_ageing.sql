-- What customers owe, by currency and by how long it is overdue on a day, and the credit that is not applied yet.
-- Open amounts are those of now: for a day in the past, take the tables of that day.
-- sqlite3 reporting.db ".parameter set :as_of '2026-11-30'" ".read ar_ageing.sql"
with owed as (
    select currency, remaining, cast(julianday(:as_of) - julianday(coalesce(due, date)) as integer) as days
    from golden_invoice
    where status in ('open', 'part_paid') and remaining <> 0
), aged as (
    select currency, remaining, 0 as credit,
           case when days <= 0 then remaining else 0 end as not_due,
           case when days between 1 and 30 then remaining else 0 end as days_1_30,
           case when days between 31 and 60 then remaining else 0 end as days_31_60,
           case when days between 61 and 90 then remaining else 0 end as days_61_90,
           case when days > 90 then remaining else 0 end as over_90
    from owed
    union all
    select currency, 0, unapplied, 0, 0, 0, 0, 0 from golden_credit_memo where status = 'open'
    union all
    select currency, 0, unapplied, 0, 0, 0, 0, 0 from golden_payment where status in ('received', 'deposited')
)
select currency, printf('%.4f', sum(not_due) / 10000.0) as not_due, printf('%.4f', sum(days_1_30) / 10000.0) as days_1_30,
       printf('%.4f', sum(days_31_60) / 10000.0) as days_31_60, printf('%.4f', sum(days_61_90) / 10000.0) as days_61_90,
       printf('%.4f', sum(over_90) / 10000.0) as over_90, printf('%.4f', sum(remaining) / 10000.0) as owed,
       printf('%.4f', sum(credit) / 10000.0) as unapplied_credit
from aged
group by currency
having sum(remaining) <> 0 or sum(credit) <> 0
order by currency;
