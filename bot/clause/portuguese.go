package clause

// portuguese is the vocabulary of Portuguese. Abbreviations of months that are other words stand behind a number only.
var portuguese = []meaning{
	{opensClock, 0, "as, a, ao, a partir das, a partir de, a partir da, a partir do, por volta das, por volta de, " +
		"para as, pras, la pelas, pelas"},
	{opensRange, 0, "das, de, da, entre, entre as, do"},
	{opensEnd, 0, "ate, ate as, ate a, ate o, ate ao"},
	{betweenEnds, 0, "as, a, ao, ate, ate as, ate a, ate ao, e, e as"},
	{opensDay, 0, "em, na, no, no dia, do dia, em dia, dia"},
	{opensOffset, 0, "em, daqui a, daqui, dentro de, de hoje a"},
	{opensLength, 0, "por, durante, por cerca de, por uns, por umas"},
	{opensPeople, 0, "com"},
	{opensTopic, 0, "com, sobre, acerca de, a respeito de, para falar de, para falar do, para falar da, " +
		"para discutir"},
	{joins, 0, "e"},
	{article, 0, "a, o, as, os"},
	{ties, 0, "de, para, pra"}, {tiesWeekday, 0, "da, do"},
	{links, 0, "de, da, do, das, dos, para, pra, a, o, e, ou, desde, ate, sobre, entre, nao, " +
		"com, sem, um, uma, meu, nosso, seu, novo"},
	{fuzzy, 0, "antes, antes de, antes das, antes do, antes da, depois, depois de, depois das, depois do, " +
		"depois da, desde, desde as, apos, apos as, quase, aproximadamente, cerca, perto"},
	{fromNow, 0, "a partir de agora"},
	{present, 0, "agora, ja, agora mesmo, a partir de agora"},

	{polite, 0, "por favor, pf, pfv, obrigado, obrigada"},

	{relativeDay, 0, "hoje"}, {relativeDay, 1, "amanha"}, {relativeDay, 2, "depois de amanha"},
	{relativeDay | night, 0, "esta noite"}, {relativeDay | afternoon, 0, "esta tarde"},
	{relativeDay | morning, 0, "esta manha"},
	{weekday, 0, "domingo"}, {weekday, 1, "segunda, segunda-feira"}, {weekday, 2, "terca, terca-feira"},
	{weekday, 3, "quarta, quarta-feira"}, {weekday, 4, "quinta, quinta-feira"}, {weekday, 5, "sexta, sexta-feira"},
	{weekday, 6, "sabado"},
	{shortDay, 0, "dom"}, {weekday, 1, "seg"}, {shortDay, 2, "ter"}, {shortDay, 3, "qua"}, {weekday, 4, "qui"},
	{shortDay, 5, "sex"}, {weekday, 6, "sab"},
	{weekdays, 0, "domingos"}, {weekdays, 1, "segundas, segundas-feiras"}, {weekdays, 2, "tercas, tercas-feiras"},
	{weekdays, 3, "quartas, quartas-feiras"}, {weekdays, 4, "quintas, quintas-feiras"},
	{weekdays, 5, "sextas, sextas-feiras"}, {weekdays, 6, "sabados"},
	{ofWeekday, 0, "feira"},
	{next, 0, "proxima, proximo, na proxima, no proximo"},
	{nextAfter, 0, "que vem, da semana que vem, na semana que vem, da proxima semana"},
	{this, 0, "esta, este, nesta, neste, essa, esse, nessa, nesse"},
	{month, 1, "janeiro"}, {month, 2, "fevereiro"}, {month, 3, "marco"}, {month, 4, "abril"}, {month, 5, "maio"},
	{month, 6, "junho"}, {month, 7, "julho"}, {month, 8, "agosto"}, {month, 9, "setembro"}, {month, 10, "outubro"},
	{month, 11, "novembro"}, {month, 12, "dezembro"},
	{monthShort, 2, "fev"}, {monthShort, 4, "abr"}, {monthShort, 5, "mai"}, {monthShort, 8, "ago"},
	{monthShort, 9, "set"}, {monthShort, 10, "out"}, {monthShort, 12, "dez"},

	{midday, 0, "meio-dia, meio dia"}, {midnight, 0, "meia-noite, meia noite"},
	{number, 1, "uma, um"}, {number, 2, "duas, dois"}, {number, 3, "tres"}, {number, 4, "quatro"},
	{number, 5, "cinco"},
	{number, 6, "seis"}, {number, 7, "sete"}, {number, 8, "oito"}, {number, 9, "nove"}, {number, 10, "dez"},
	{number, 11, "onze"}, {number, 12, "doze"},
	{hourWord, 0, "hora, horas, em ponto"},
	{fraction, 30, "e meia, e trinta, e 30"}, {fraction, 15, "e quinze, e 15"}, {fraction, 45, "e 45"},
	{morning, 0, "cedo, da manha, de manha, pela manha, da madrugada, de madrugada"},
	{afternoon, 0, "da tarde, de tarde, a tarde, pela tarde"},
	{night, 0, "da noite, de noite, a noite"},
	{unit, 1, "minuto, minutos"}, {unit, 60, "hora, horas, hs"},
	{longUnit, 1, "dia, dias"}, {longUnit, 7, "semana, semanas"},
	{halfUnit, 30, "meia hora"}, {halfUnit, 15, "um quarto de hora"}, {andHalf, 0, "e meia"},
	{counted, 0, "parte, pagina, etapa, fase, capitulo, aula, modulo, semana, versao, sala, mesa, nivel, placar, " +
		"tarefa, rodada, turma, onibus, opcao, plano"},
	{moves, 0, "mover, mover a reuniao, mudar, mudar a reuniao, mudar o horario, remarcar, remarcar a reuniao, " +
		"reagendar, reagendar a reuniao, adiar, adiar a reuniao, passar, passar a reuniao"},
	{over, 0, "ontem, anteontem"}, {overAfter, 0, "passada, passado"},
	{every, 0, "toda, todo, cada, todas as, todos os"}, {period, 0, "dia, semana, dias, manha, mes, semanas"},
	{vague, 0, "no natal, na vespera de natal, no ano novo, na pascoa, no reveillon, no carnaval"},
	{vague, 0, "semana que vem, proxima semana, fim de semana, mes que vem, proximo mes, esta semana"},
}
