-- What counts is answered where figures are told (monitor_choice); nothing could ever be written here.
DROP TABLE target_choice;
