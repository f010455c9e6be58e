        -- To rank is to read: of what more than a thousand products answer to, the newest thousand are ranked.
        and p.id in (
          select p.id
