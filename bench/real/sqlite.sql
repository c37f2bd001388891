-- SPDX-FileCopyrightText: 2026 The Hakozuna authors
-- SPDX-License-Identifier: Apache-2.0
--
-- sqlite.sql -- an in-memory database: inserts, indices, joins, texts, updates and deletions.
pragma temp_store = memory;
pragma cache_size = -65536;
create table customer (id integer primary key, name text, city text, note text);
create table sale (id integer primary key, customer integer, amount integer, what text);

with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into customer select i, printf('customer %06d', i * 7919 % 100003), 'city ' || (i * 31 % 97),
    substr(hex(i * 1103515245 % 2147483647) || 'lorem ipsum dolor sit amet, consectetur adipiscing', 1, 20 + i % 60)
    from n;
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 120000)
insert into sale select i, i * 7919 % 20000 + 1, i * 104729 % 9973, 'thing ' || (i * 17 % 1013) from n;
commit;
create index customer_city on customer (city, name);
create index sale_customer on sale (customer);
create index sale_what on sale (what, amount);

select city, count(*), sum(amount), min(what) from customer join sale on customer = customer.id
    group by city order by city;
select what, avg(amount), group_concat(distinct customer % 50) from sale where amount % 7 = 3 group by what order by what limit 200;
update customer set note = upper(note) || ' ' || replace(name, 'customer', 'client') where id % 3 = 0;
delete from sale where id % 5 = 2;
select substr(note, 1, 24), length(note) from customer where note like '%IPSUM%4%' order by note desc limit 100;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
insert into sale select 200000 + i, i * 31 % 20000 + 1, i % 4001, replace(printf('%.3c', 'x'), 'x', 'again ' || (i % 777)) from n;
select a.city, b.city, count(*) from customer a join customer b on a.name = b.name and a.id < b.id group by 1, 2 order by 3 desc, 1, 2 limit 50;
select json_group_array(json_object('what', what, 'n', n)) from (select what, count(*) n from sale group by what order by n desc, what limit 300);
select count(*), sum(length(note)) from customer;
select count(*), sum(amount), sum(length(what)) from sale;
